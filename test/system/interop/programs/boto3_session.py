"""Each line on stdin asks a boto3 session for its credentials; each outcome is a line of JSON on stdout."""

import datetime
import json
import sys

import boto3
from botocore.exceptions import NoCredentialsError

session = boto3.Session()


def received():
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    frozen = credentials.get_frozen_credentials()
    # For the next question the session's clock is so far ahead that its credentials have five minutes left.
    now = credentials._time_fetcher
    credentials._time_fetcher = lambda: now() + datetime.timedelta(hours=5, minutes=55)
    return {
        "accessKeyId": frozen.access_key,
        "secretAccessKey": frozen.secret_key,
        "sessionToken": frozen.token,
    }


for _ in sys.stdin:
    try:
        outcome = {"received": received()}
    except Exception as error:
        outcome = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(outcome), flush=True)
