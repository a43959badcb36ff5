#!/bin/sh
# Installs the clients that test/system/interop tests besides those from npm, and the languages of the examples in
# docs/testing-other-processes.md. Debian or its kin, as root.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get update

# Programs. curl is for ec2-metadata.
apt-get install -y --no-install-recommends \
  awscli rclone restic s3cmd pgbackrest gdal-bin cloud-init amazon-ec2-utils curl

# Libraries of other languages, and those languages.
apt-get install -y --no-install-recommends \
  python3-boto3 ruby ruby-aws-sdk-core \
  golang-go golang-github-aws-aws-sdk-go-dev golang-github-aws-aws-sdk-go-v2-dev golang-github-minio-minio-go-v7-dev

# iproute2 and util-linux make a network of the tests' own, openssl a certificate.
apt-get install -y --no-install-recommends iproute2 util-linux openssl
