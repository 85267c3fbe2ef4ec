{{/* Environment of all pods that is no secret. */}}
{{- define "nearfield.settings" -}}
NEARFIELD_HOME: /var/lib/nearfield
# the only other place that can be written; libraries keep what they compiled, and fonts, there
HOME: /tmp
NUMBA_CACHE_DIR: /tmp/numba
MPLCONFIGDIR: /tmp/matplotlib
{{- if eq .Values.mode "servers" }}
NEARFIELD_MILVUS_URI: {{ include "nearfield.milvusUri" . | quote }}
{{- with .Values.vectors }}
NEARFIELD_MILVUS_REPLICAS: {{ .replicas | quote }}
NEARFIELD_MILVUS_INDEX: {{ .index | quote }}
NEARFIELD_MILVUS_ANSWER_SECONDS: {{ .answerSeconds | quote }}
{{- with .resourceGroups }}
NEARFIELD_MILVUS_RESOURCE_GROUPS: {{ join "," . | quote }}
{{- end }}
{{- if .tls.existingSecret }}
NEARFIELD_MILVUS_CA: /etc/nearfield/milvus/ca.crt
{{- if .tls.certificateKey }}
NEARFIELD_MILVUS_CERTIFICATE: /etc/nearfield/milvus/tls.crt
NEARFIELD_MILVUS_KEY: /etc/nearfield/milvus/tls.key
{{- end }}
{{- end }}
{{- with .tls.serverName }}
NEARFIELD_MILVUS_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.tracing.endpoint }}
NEARFIELD_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end -}}
