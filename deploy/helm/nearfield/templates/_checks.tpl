{{/* What the schema cannot say of single values: how they go together. */}}
{{- define "nearfield.checks" -}}
{{- $values := .Values }}
{{- if eq $values.mode "servers" }}
{{- if and (not $values.milvus.enabled) (not $values.vectors.uri) }}
{{- fail "mode: servers needs a Milvus: give vectors.uri (http://host:19530), or milvus.enabled: true." }}
{{- end }}
{{- if and $values.milvus.enabled $values.vectors.uri }}
{{- fail "vectors.uri names a Milvus of your own, yet milvus.enabled brings another one: give one of the two." }}
{{- end }}
{{- if eq $values.home.accessMode "ReadWriteOncePod" }}
{{- fail "home.accessMode: ReadWriteOncePod lets one pod in, but mode: servers has several. Give ReadWriteMany, or ReadWriteOnce on one node." }}
{{- end }}
{{- if and (eq $values.home.accessMode "ReadWriteOnce") (or (eq $values.serve.spread.nodes "DoNotSchedule") (eq $values.serve.spread.zones "DoNotSchedule")) }}
{{- fail "serve.spread: DoNotSchedule wants pods on several nodes, but home.accessMode: ReadWriteOnce keeps them on one. Give ReadWriteMany." }}
{{- end }}
{{- $tls := $values.vectors.tls }}
{{- if ne (empty $tls.certificateKey) (empty $tls.keyKey) }}
{{- fail "vectors.tls.certificateKey and keyKey go together: give both, or none." }}
{{- end }}
{{- if and $tls.existingSecret (not (hasPrefix "https://" (include "nearfield.milvusUri" .))) }}
{{- fail "vectors.tls.existingSecret is given, but vectors.uri does not begin with https://." }}
{{- end }}
{{- else }}
{{- if $values.milvus.enabled }}
{{- fail "milvus.enabled brings a server, but mode: embedded uses Milvus Lite. Give mode: servers." }}
{{- end }}
{{- if $values.serve.autoscaling.enabled }}
{{- fail "serve.autoscaling.enabled wants several pods, but mode: embedded can only have one. Give mode: servers." }}
{{- end }}
{{- end }}
{{- with $values.serve }}
{{- if gt (.autoscaling.minReplicas | int) (.autoscaling.maxReplicas | int) }}
{{- fail "serve.autoscaling.minReplicas is above maxReplicas." }}
{{- end }}
{{- if lt (.terminationGraceSeconds | int) (add .drainSeconds 10 | int) }}
{{- fail "serve.terminationGraceSeconds must be above serve.drainSeconds by 10 at least: answers that are under way take up to 5 s." }}
{{- end }}
{{- end }}
{{- if and $values.ingress.enabled (not $values.ingress.hosts) }}
{{- fail "ingress.enabled needs ingress.hosts." }}
{{- end }}
{{- if and $values.gateway.enabled (not $values.gateway.parents) }}
{{- fail "gateway.enabled needs gateway.parents: [{name: ..., namespace: ...}]." }}
{{- end }}
{{- end -}}
