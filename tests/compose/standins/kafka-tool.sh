#!/bin/bash
# Kafka's command line tools, by the name under which this is called.
set -euo pipefail
case "$(basename "$0" .sh)" in
  kafka-topics) main=org.apache.kafka.tools.TopicCommand ;;
  kafka-acls) main=org.apache.kafka.tools.AclCommand ;;
  kafka-configs) main=kafka.admin.ConfigCommand ;;
  kafka-storage) main=kafka.tools.StorageTool ;;
  kafka-server-start) main=kafka.Kafka ;;
esac
# As in the original: what the environment says of the JVM has precedence.
: "${KAFKA_HEAP_OPTS:=-Xmx384m}" "${KAFKA_JVM_PERFORMANCE_OPTS:=-XX:+UseSerialGC -XX:TieredStopAtLevel=1}"
# shellcheck disable=SC2086
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS ${KAFKA_OPTS:-} \
  -Dlog4j2.configurationFile=/opt/kafka/bin/log4j2.properties -cp '/opt/kafka/libs/*' "$main" "$@"
