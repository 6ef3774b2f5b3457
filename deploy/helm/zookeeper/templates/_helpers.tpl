{{- define "zookeeper.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "zookeeper.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: zookeeper
{{- end -}}

{{- define "zookeeper.labels" -}}
{{ include "zookeeper.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "zookeeper.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.registry -}}{{ .Values.image.registry }}/{{- end -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}

{{- define "zookeeper.tlsSecret" -}}
{{- .Values.tls.existingSecret | default (printf "%s-tls" (include "zookeeper.fullname" .)) -}}
{{- end -}}

{{- define "zookeeper.usesTls" -}}
{{- if or .Values.tls.client.enabled .Values.tls.quorum.enabled -}}true{{- end -}}
{{- end -}}

{{- define "zookeeper.zooCfg" -}}
dataDir=/var/lib/zookeeper/data
dataLogDir=/var/lib/zookeeper/log
tickTime={{ .Values.tickTime }}
initLimit={{ .Values.initLimit }}
syncLimit={{ .Values.syncLimit }}
maxClientCnxns={{ .Values.maxClientCnxns }}
minSessionTimeout={{ .Values.minSessionTimeout }}
maxSessionTimeout={{ .Values.maxSessionTimeout }}
autopurge.snapRetainCount={{ .Values.autopurge.snapRetainCount }}
autopurge.purgeInterval={{ .Values.autopurge.purgeInterval }}
4lw.commands.whitelist={{ .Values.fourlwCommandsWhitelist }}
standaloneEnabled=false
reconfigEnabled=true
quorumListenOnAllIPs=true
zabra.emptyNeedsAllVoters=true
zabra.healthPort={{ .Values.containerPorts.metrics }}
zabra.logLevel={{ .Values.logLevel }}
{{- if .Values.tls.client.enabled }}
secureClientPort={{ .Values.containerPorts.tls }}
client.certReload=true
ssl.keyStore.location=/etc/zookeeper/tls/tls-combined.pem
ssl.keyStore.type=PEM
ssl.trustStore.location=/etc/zookeeper/tls/ca.crt
ssl.trustStore.type=PEM
ssl.clientHostnameVerification=false
{{- end }}
{{- if .Values.tls.quorum.enabled }}
sslQuorum=true
sslQuorumReloadCertFiles=true
ssl.quorum.keyStore.location=/etc/zookeeper/tls/tls-combined.pem
ssl.quorum.keyStore.type=PEM
ssl.quorum.trustStore.location=/etc/zookeeper/tls/ca.crt
ssl.quorum.trustStore.type=PEM
ssl.quorum.clientHostnameVerification=false
{{- end }}
{{- with .Values.extraConfig }}
{{ . }}
{{- end }}
{{- end -}}
