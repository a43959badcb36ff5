"""Puts an object with boto3's default credential chain."""

import sys

import boto3
from botocore.config import Config

config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=config)
s3.put_object(Bucket="reports", Key="today", Body=b"all is well")
