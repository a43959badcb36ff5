"""Prints what cloud-init reads of an instance, as JSON. It reads the whole tree, but for credentials."""

import json
import os
import tempfile

from cloudinit import helpers
from cloudinit.sources.DataSourceEc2 import CloudNames, DataSourceEc2

settings = {
    "metadata_urls": [os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"].rstrip("/")],
    "max_wait": 60,
    "timeout": 20,
}

with tempfile.TemporaryDirectory() as run_directory:
    source = DataSourceEc2({"datasource": {"Ec2": settings}}, None, helpers.Paths({"run_dir": run_directory}))
    # What it finds out from DMI data on an instance.
    source._cloud_name = CloudNames.AWS
    print(json.dumps(source.crawl_metadata(), default=lambda data: data.decode()))
