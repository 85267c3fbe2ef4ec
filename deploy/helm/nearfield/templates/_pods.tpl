{{/* What the pods have in common. */}}

{{- define "nearfield.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.user.uid }}
runAsGroup: {{ .Values.user.gid }}
fsGroup: {{ .Values.user.gid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "nearfield.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What every pod begins with. Service links would put NEARFIELD_... variables of Kubernetes among our settings. */}}
{{- define "nearfield.podStart" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- include "nearfield.podSecurity" . | nindent 2 }}
{{- end -}}

{{/* Addresses with passwords come from secrets, never from the values. */}}
{{- define "nearfield.secrets" -}}
- name: NEARFIELD_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.database.existingSecret }}, key: {{ .Values.database.key }}}}
{{- end -}}

{{- define "nearfield.environment" -}}
# libraries would start a thread for each core of the node
- name: OMP_NUM_THREADS
  valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: "1"}}
{{- if eq .Values.mode "servers" }}
{{ include "nearfield.secrets" . }}
{{- if .Values.redis.existingSecret }}
- name: NEARFIELD_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.redis.existingSecret }}, key: {{ .Values.redis.key }}}}
{{- end }}
{{- if .Values.vectors.existingSecret }}
- name: NEARFIELD_MILVUS_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .Values.vectors.existingSecret }}, key: {{ .Values.vectors.key }}}}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "nearfield.mounts" -}}
- {name: home, mountPath: /var/lib/nearfield}
- {name: tmp, mountPath: /tmp}
{{- if eq .Values.mode "servers" }}
{{- if .Values.vectors.tls.existingSecret }}
- {name: milvus-tls, mountPath: /etc/nearfield/milvus, readOnly: true}
{{- end }}
{{- if .Values.database.caSecret }}
- {name: database-ca, mountPath: /etc/nearfield/database, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "nearfield.databaseVolume" -}}
- name: database-ca
  secret:
    secretName: {{ .Values.database.caSecret }}
    items: [{key: {{ .Values.database.caKey }}, path: ca.crt}]
{{- end -}}

{{/* dict "root" $ "temporary" size */}}
{{- define "nearfield.volumes" -}}
- name: home
  persistentVolumeClaim: {claimName: {{ include "nearfield.claim" .root }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .temporary }}}
{{- if eq .root.Values.mode "servers" }}
{{- with .root.Values.vectors.tls }}
{{- if .existingSecret }}
- name: milvus-tls
  secret:
    secretName: {{ .existingSecret }}
    items:
      - {key: {{ .caKey }}, path: ca.crt}
      {{- if .certificateKey }}
      - {key: {{ .certificateKey }}, path: tls.crt}
      - {key: {{ .keyKey }}, path: tls.key}
      {{- end }}
{{- end }}
{{- end }}
{{- if .root.Values.database.caSecret }}
{{ include "nearfield.databaseVolume" .root }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A volume that only one node can mount keeps all pods there. */}}
{{- define "nearfield.together" -}}
{{- if eq .Values.home.accessMode "ReadWriteOnce" -}}
affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            app.kubernetes.io/name: {{ include "nearfield.name" . }}
            app.kubernetes.io/instance: {{ .Release.Name }}
          matchExpressions:
            - {key: app.kubernetes.io/component, operator: In, values: [serve, worker]}
{{- end }}
{{- end -}}

{{/* dict "root" $ "pods" .Values.serve or .Values.worker */}}
{{- define "nearfield.podAnnotations" -}}
checksum/settings: {{ include "nearfield.settings" .root | sha256sum }}
{{- with .root.Values.secretsRevision }}
nearfield/secrets-revision: {{ . | quote }}
{{- end }}
{{- with .pods.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "nearfield.placing" -}}
{{- $placing := dict }}
{{- range $name := list "nodeSelector" "tolerations" "priorityClassName" }}
{{- with get $ $name }}{{ $_ := set $placing $name . }}{{ end }}
{{- end }}
{{- with $placing }}{{ toYaml . }}{{ end }}
{{- end -}}
