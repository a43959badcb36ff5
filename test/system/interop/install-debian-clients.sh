#!/bin/sh
# Installs the clients that test/system/interop tries besides those from npm. Debian or its kin, as root.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get update
# iproute2 and util-linux bring the network into the tests' own namespace.
apt-get install -y --no-install-recommends awscli python3-boto3 rclone iproute2 util-linux
