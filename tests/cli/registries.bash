# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# registries - docker-registry for one test: plain, with passwords, behind TLS; loaded after helpers

# A registry of the test's own; sets OWN and PID.
# shellcheck disable=SC2034
start_registry() { # CONFIGURATION...
  cp "$BATS_TEST_DIRNAME/../fixtures/registry.yml" config.yml
  chmod u+w config.yml
  [[ $# == 0 ]] || printf '%s\n' "$@" >>config.yml
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=$PWD/data OTEL_TRACES_EXPORTER=none \
    docker-registry serve config.yml >registry.log 2>&1 3>&- &
  PID=$!
  wait_until file_has registry.log "listening on"
  OWN=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' registry.log | head -1)
}

with_password() {
  /usr/bin/python3 -W ignore -c 'import crypt; print("me:" + crypt.crypt("secret: word", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' >htpasswd
  start_registry "auth:" "  htpasswd:" "    realm: test" "    path: $PWD/htpasswd"
}

# The authority's certificate is ca.crt.
with_tls() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=test CA" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj "/CN=localhost" 2>/dev/null
  openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") 2>/dev/null
  export REGISTRY_HTTP_TLS_CERTIFICATE=$PWD/tls.crt REGISTRY_HTTP_TLS_KEY=$PWD/tls.key
  start_registry
  unset REGISTRY_HTTP_TLS_CERTIFICATE REGISTRY_HTTP_TLS_KEY
}
