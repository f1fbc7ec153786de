package main

import rego.v1

containers contains container if some container in input.spec.template.spec.containers

deny contains "tag" if {
	some container in containers
	endswith(container.image, ":latest")
}

deny contains "registry" if {
	some container in containers
	not startswith(container.image, "registry.acme.io/")
}

deny contains "cpu" if {
	some container in containers
	not container.resources.requests.cpu
}

deny contains "memory" if {
	some container in containers
	not container.resources.limits.memory
}

deny contains "probe" if {
	some container in containers
	not container.readinessProbe
}

deny contains "replicas" if input.spec.replicas < 2

deny contains "privileged" if {
	some container in containers
	container.securityContext.privileged == true
}

deny contains "host" if input.spec.template.spec.hostNetwork == true

deny contains "owner" if not input.metadata.labels.owner

deny contains "port" if {
	some container in containers
	some port in container.ports
	port.hostPort > 0
}
