#!/bin/sh
# Brings an image to an environment, looks whether it answers, and takes it back when it does not:
#   deploy/ci/release.sh ENVIRONMENT REPOSITORY DIGEST SITE_DOMAIN
# The environment is a file of settings, deploy/ci/environments/ENVIRONMENT.yaml, and a cluster (KUBECONFIG).
set -eu
environment=$1 repository=$2 digest=$3 site=$4
namespace=${NAMESPACE:-plg}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

back() {
    echo "release.sh: $1; the version before comes back" >&2
    helm rollback site --namespace "$namespace" --wait --timeout 20m >&2 || true
    exit 1
}

# `prepare` is a Job of the chart: new pods wait for it, old ones serve meanwhile.
helm upgrade site "$here/../helm" --install --namespace "$namespace" \
    --values "$here/environments/$environment.yaml" \
    --set-string "image.repository=$repository" --set-string "image.digest=$digest" \
    --wait --wait-for-jobs --timeout 40m || back "it did not come up"

curl --silent --show-error --fail --output /dev/null --retry 10 --retry-delay 3 --retry-all-errors \
    "https://$site/healthz" || back "https://$site/healthz does not answer"
