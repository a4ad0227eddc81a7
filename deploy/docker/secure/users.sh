#!/bin/bash
# Topics, users and what they may do: docs/security.md. Run at each start; what is there stays as it is.
set -euo pipefail
PATH=/opt/kafka/bin:$PATH
B=(--bootstrap-server kafka:9094 --command-config /etc/suhu/admin.properties)
TOPICS=(sensor-suhu sensor-suhu-alerts sensor-suhu-rejected sensor-suhu-enriched sensor-suhu-stats sensor-suhu-incidents)

for topic in "${TOPICS[@]}"; do
  kafka-topics.sh "${B[@]}" --create --if-not-exists --topic "$topic" --partitions 3 --replication-factor 1
done
for user in gateway alerts pipeline dashboard verify; do
  # From a file: a password on a command line could be read by every process.
  kafka-configs.sh "${B[@]}" --alter --entity-type users --entity-name $user --add-config-file /run/suhu/$user.scram
done

# allow USER OPERATION TOPIC...: also to see that the topics are there
allow() {
  local user=$1 operation=$2
  shift 2
  kafka-acls.sh "${B[@]}" --add --allow-principal "User:$user" --operation "$operation" --operation Describe "${@/#/--topic=}" \
    >/dev/null
  echo "$user may $operation: $*"
}

allow gateway Write sensor-suhu sensor-suhu-rejected
allow alerts Read sensor-suhu sensor-suhu-alerts
allow alerts Write sensor-suhu-alerts
allow pipeline Read sensor-suhu
allow pipeline Write sensor-suhu-rejected sensor-suhu-enriched sensor-suhu-stats sensor-suhu-incidents
allow dashboard Read sensor-suhu sensor-suhu-alerts sensor-suhu-stats sensor-suhu-incidents
allow verify Read sensor-suhu
