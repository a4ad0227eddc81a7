#!/bin/sh
# What the secure profile needs, each in the volume of the one service that may read it: an authority, certificates of
# the brokers, a password for each user. What is there is kept; a certificate that ends within 30 days is made anew.
# Passwords are written to files only, and stand on no command line.
set -eu
umask 077
RENEW_S=2592000 # 30 days
BROKER_DAYS=825
AUTHORITY=/secrets/authority
KAFKA_UID=1000 MOSQUITTO_UID=1883 GATEWAY_UID=10001 SPARK_UID=10002 DASHBOARD_UID=10003

make_authority() {
  [ -s $AUTHORITY/ca.key ] && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -subj '/CN=Suhu containers' -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout $AUTHORITY/ca.key -out $AUTHORITY/ca.pem 2>/dev/null
  echo "authority made"
}

# certificate FOLDER NAME ALTERNATIVE-NAMES: key.pem and cert.pem, signed by the authority
certificate() {
  openssl x509 -checkend $RENEW_S -noout -in "$1/cert.pem" >/dev/null 2>&1 && return
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" \
    -keyout "$1/key.pem" -out /tmp/request.pem 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >/tmp/extensions
  openssl x509 -req -in /tmp/request.pem -CA $AUTHORITY/ca.pem -CAkey $AUTHORITY/ca.key -CAcreateserial \
    -CAserial $AUTHORITY/serial -days $BROKER_DAYS -sha256 -extfile /tmp/extensions -out "$1/cert.pem" 2>/dev/null
  echo "certificate of $2 made"
}

# password NAME: the same one each time
password() {
  [ -s "$AUTHORITY/$1.password" ] || openssl rand -hex 24 >"$AUTHORITY/$1.password"
  cat "$AUTHORITY/$1.password"
}

# give FOLDER UID: to the user of one service, and nobody else
give() {
  cp $AUTHORITY/ca.pem "$1/"
  chmod 500 "$1"
  find "$1" -type f -exec chmod 400 {} +
  chown -R "$2:$2" "$1"
}

# client FOLDER UID USER: how a program of Kafka's own kind logs in
client() {
  cat >"$1/kafka.properties" <<EOF
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=/run/suhu/ca.pem
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="$3" password="$(password "$3")";
EOF
  give "$1" "$2"
}

make_authority

certificate /secrets/kafka kafka DNS:kafka,DNS:localhost
cat /secrets/kafka/key.pem /secrets/kafka/cert.pem >/secrets/kafka/keystore.pem
give /secrets/kafka $KAFKA_UID

certificate /secrets/admin admin DNS:admin
cat /secrets/admin/key.pem /secrets/admin/cert.pem >/secrets/admin/keystore.pem
for user in gateway alerts pipeline dashboard verify; do
  printf 'SCRAM-SHA-512=password=%s\n' "$(password $user)" >/secrets/admin/$user.scram
done
give /secrets/admin $KAFKA_UID

certificate /secrets/mosquitto mosquitto DNS:mosquitto,DNS:localhost
for user in gateway device health; do printf '%s:%s\n' $user "$(password mqtt-$user)"; done >/secrets/mosquitto/users
printf '%s\n' '-h localhost' '-p 8883' '--cafile /run/suhu/ca.pem' '-u health' "-P $(password mqtt-health)" \
  >/secrets/mosquitto/mosquitto_pub
password mqtt-device >/secrets/mosquitto/device.password
give /secrets/mosquitto $MOSQUITTO_UID

password gateway >/secrets/gateway/kafka.password
password mqtt-gateway >/secrets/gateway/mqtt.password
give /secrets/gateway $GATEWAY_UID
password verify >/secrets/verify/kafka.password
give /secrets/verify $GATEWAY_UID

client /secrets/alerts $SPARK_UID alerts
client /secrets/pipeline $SPARK_UID pipeline
client /secrets/dashboard $DASHBOARD_UID dashboard
echo "secrets ready"
