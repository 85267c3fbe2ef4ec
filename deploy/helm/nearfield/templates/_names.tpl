{{/* Names and labels. */}}

{{- define "nearfield.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/* Of all objects. 43 characters leave room for "-migrate" and what Kubernetes adds to names of pods. */}}
{{- define "nearfield.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 43 | trimSuffix "-" -}}
{{- else if contains (include "nearfield.name" .) .Release.Name -}}
{{- .Release.Name | trunc 43 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "nearfield.name" .) | trunc 43 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Which pods are one component: dict "root" $ "component" name */}}
{{- define "nearfield.selector" -}}
app.kubernetes.io/name: {{ include "nearfield.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "nearfield.labels" -}}
{{ include "nearfield.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: nearfield
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* dict "root" $ "image" values */}}
{{- define "nearfield.image" -}}
{{- if .image.digest -}}
{{ printf "%s@%s" .image.repository .image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag) | quote }}
{{- end -}}
{{- end -}}

{{- define "nearfield.claim" -}}
{{- default (printf "%s-home" (include "nearfield.fullname" .)) .Values.home.existingClaim -}}
{{- end -}}

{{/* The service of the chart `milvus`, by its own rule. */}}
{{- define "nearfield.milvusService" -}}
{{- $name := default "milvus" .Values.milvus.nameOverride -}}
{{- if .Values.milvus.fullnameOverride -}}
{{- .Values.milvus.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nearfield.milvusUri" -}}
{{- if .Values.vectors.uri -}}
{{- .Values.vectors.uri -}}
{{- else -}}
{{- printf "%s://%s:19530" (ternary "https" "http" (ne .Values.vectors.tls.existingSecret "")) (include "nearfield.milvusService" .) -}}
{{- end -}}
{{- end -}}
