"""Checks the Kubernetes manifests of a folder: against the API's schemas, and where they name one another.

    deploy_manifests.py FOLDER

Needs kubernetes-validate (PyPI).
"""

import pathlib
import sys

import kubernetes_validate
import yaml

# What kubernetes-validate has no schema for; the fields are those of KEDA 2's and Kustomize's documentation.
OUTSIDE = {
    "ScaledObject": {
        "scaleTargetRef", "pollingInterval", "cooldownPeriod", "initialCooldownPeriod", "idleReplicaCount", "minReplicaCount", "maxReplicaCount",
        "fallback", "advanced", "triggers",
    },
}
PROMETHEUS = {
    "serverAddress", "query", "threshold", "activationThreshold", "namespace", "customHeaders", "ignoreNullValues", "queryParameters",
    "unsafeSsl", "timeout", "authModes",
}


def require(holds, what):
    if not holds:
        sys.exit(f"manifests: {what}")


def main():
    folder = pathlib.Path(sys.argv[1])
    documents = [one for path in sorted(folder.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    by_kind = {}
    for one in documents:
        kind = one["kind"]
        by_kind.setdefault(kind, []).append(one)
        if kind in OUTSIDE:
            require(set(one["spec"]) <= OUTSIDE[kind], f"{kind} has no {set(one['spec']) - OUTSIDE[kind]}")
        elif kind == "Kustomization":
            require(all((folder / name).exists() for name in one["resources"]), "the kustomization names a file that is not there")
        else:
            kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    deployment = by_kind["Deployment"][0]
    pod = deployment["spec"]["template"]
    container = pod["spec"]["containers"][0]
    for service in by_kind["Service"]:
        require(service["spec"]["selector"].items() <= pod["metadata"]["labels"].items(), "a Service selects no pod of the Deployment")
        require(all(port["targetPort"] in {own["name"] for own in container["ports"]} for port in service["spec"]["ports"]), "a Service has another port")
    claims = {claim["metadata"]["name"] for claim in by_kind["PersistentVolumeClaim"]}
    secrets = {secret["metadata"]["name"] for secret in by_kind["Secret"]}
    for template in (pod, by_kind["Job"][0]["spec"]["template"]):
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        require({mount["name"] for mount in template["spec"]["containers"][0]["volumeMounts"]} == set(volumes), "volumes and mounts differ")
        for volume in volumes.values():
            require(volume.get("persistentVolumeClaim", {}).get("claimName") in claims | {None}, "a claim is not there")
            require(volume.get("secret", {}).get("secretName") in secrets | {None}, "a secret is not there")
    for scaled in by_kind["ScaledObject"]:
        require(scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"], "KEDA scales something else")
        for trigger in scaled["spec"]["triggers"]:
            require(trigger["type"] == "prometheus" and set(trigger["metadata"]) <= PROMETHEUS, "a trigger has another field")
            require(all(isinstance(value, str) for value in trigger["metadata"].values()), "KEDA takes texts alone as metadata")
    print(f"manifests: {len(documents)} documents hold against Kubernetes {kubernetes_validate.latest_version()}'s schemas, "
          "and name one another rightly; the ScaledObject by its fields' names alone")


main()
