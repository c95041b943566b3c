#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# signatures - what policy.json demands with sigstoreSigned: keys and signatures by openssl(1), and
# skopeo's word on each of them where it has one (Debian's is built without sigstore)
bats_require_minimum_version 1.5.0
load helpers
load registries

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  needs_tools skopeo openssl
  cd "$BATS_TEST_TMPDIR"
  mkdir -p "$XDG_CONFIG_HOME/containers" registries.d
  POLICY=$XDG_CONFIG_HOME/containers/policy.json
  echo '{"default-docker":{"use-sigstore-attachments":true}}' >registries.d/all.yaml
  start_registry
  # Without mediaType a manifest and nothing else changes between here and there.
  skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$IMAGES/oci:busybox" "docker://$OWN/x:1"
  DIGEST=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$OWN/x:1")
  new_key key
}
teardown() {
  rm -f "$POLICY"
  kill "$PID"
  usr-ct images --format '{{.Repository}}' | grep "^$OWN/" | sort -u | xargs -r usr-ct rmi -f >/dev/null || true
  remove_all_and_check
}

new_key() { # NAME [ALGORITHM]
  case ${2:-ec} in
  ec) openssl ecparam -name prime256v1 -genkey -noout -out "$1.pem" ;;
  ed25519) openssl genpkey -algorithm ed25519 -out "$1.pem" ;;
  rsa) openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out "$1.pem" ;;
  esac 2>/dev/null
  openssl pkey -in "$1.pem" -pubout -out "$1.pub"
}

# The payload is FILE.json, its signature FILE.sig.
sign() { # KEY FILE DIGEST REFERENCE
  printf '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}' \
    "$4" "$3" >"$2.json"
  sign_file "$1" "$2"
}

sign_file() { # KEY FILE
  if grep -q 'ED25519' < <(openssl pkey -in "$1.pem" -noout -text); then
    openssl pkeyutl -sign -rawin -inkey "$1.pem" -in "$2.json" -out "$2.sig"
  else
    openssl dgst -sha256 -sign "$1.pem" -out "$2.sig" "$2.json"
  fi
}

keep() { # DIGEST FILE...
  local digest=$1 files=() f
  shift
  for f; do files+=("$f.json" "$f.sig"); done
  /usr/bin/python3 "$BATS_TEST_DIRNAME/../fixtures/keep-signatures.py" "$OWN/x" "$digest" "${files[@]}"
}

demand() { # [FIELDS OF THE REQUIREMENT]
  printf '{"default":[{"type":"reject"}],"transports":{"docker":{"%s":[{"type":"sigstoreSigned",%s}]}}}\n' \
    "$OWN" "${1:-\"keyPath\":\"$PWD/key.pub\",\"signedIdentity\":{\"type\":\"matchRepository\"\}}" >"$POLICY"
}

theirs() { # REFERENCE
  rm -rf theirs
  skopeo --policy "$POLICY" --registries.d "$PWD/registries.d" copy -q --remove-signatures \
    --src-tls-verify=false "docker://$1" dir:theirs 2>theirs.log
}

accepted() { # REFERENCE
  theirs "$1" || grep -q "sigstore disabled" theirs.log || fail "skopeo: $(cat theirs.log)"
  run_ct -0 pull -q "$1"
  usr-ct rmi -f "$output" >/dev/null
}

refused() { # REFERENCE CODE [WORD...]
  ! theirs "$1" || fail "skopeo accepts it"
  ours_refused "$@"
}

ours_refused() { # REFERENCE CODE [WORD...]
  run_ct -1 pull -q "$1"
  assert_error "$2" "${@:3}"
  [ -z "$(usr-ct images -q "$OWN/x")" ]
}

@test "sigstoreSigned: a good one, none, another key, another payload, another digest" {
  demand
  refused "$OWN/x:1" 1217 "none beside it"
  sign key good "$DIGEST" "$OWN/x"
  keep "$DIGEST" good
  accepted "$OWN/x:1"
  accepted "$OWN/x@$DIGEST"
  # It may run; and whoever has it need not ask again.
  [ "$(usr-ct run --rm --network none "$OWN/x:1" echo yes)" = yes ]
  usr-ct rmi "$OWN/x:1" >/dev/null
  new_key other
  sign other wrong "$DIGEST" "$OWN/x"
  keep "$DIGEST" wrong
  refused "$OWN/x:1" 1217 "none of the keys"
  sign key altered "$DIGEST" "$OWN/x"
  sed -i 's/null/{"by":"me"}/' altered.json
  keep "$DIGEST" altered
  refused "$OWN/x:1" 1217 "none of the keys"
  sign key elsewhere "sha256:$(printf 'a%.0s' {1..64})" "$OWN/x"
  keep "$DIGEST" elsewhere
  refused "$OWN/x:1" 1217 "another image"
  # Something else that was signed with the same key.
  echo '{"hello":"world"}' >odd.json
  sign_file key odd
  keep "$DIGEST" odd
  refused "$OWN/x:1" 1217 "not valid"
  # One of several is enough, wherever it stands.
  keep "$DIGEST" wrong odd elsewhere altered good
  accepted "$OWN/x:1"
  keep "$DIGEST" good wrong
  accepted "$OWN/x:1"
}

@test "sigstoreSigned: keys of each kind, as a file, in the policy, one of several" {
  for kind in ec ed25519 rsa; do
    new_key "$kind" "$kind"
    sign "$kind" "s-$kind" "$DIGEST" "$OWN/x"
    keep "$DIGEST" "s-$kind"
    demand "\"keyPath\":\"$PWD/$kind.pub\",\"signedIdentity\":{\"type\":\"matchRepository\"}"
    accepted "$OWN/x:1"
    demand "\"keyData\":\"$(base64 -w0 "$kind.pub")\",\"signedIdentity\":{\"type\":\"matchRepository\"}"
    accepted "$OWN/x:1"
  done
  # Newer than Debian's skopeo.
  demand "\"keyPaths\":[\"$PWD/key.pub\",\"$PWD/rsa.pub\"],\"signedIdentity\":{\"type\":\"matchRepository\"}"
  run_ct -0 pull -q "$OWN/x:1"
  usr-ct rmi "$OWN/x:1" >/dev/null
  demand "\"keyDatas\":[\"$(base64 -w0 key.pub)\"],\"signedIdentity\":{\"type\":\"matchRepository\"}"
  ours_refused "$OWN/x:1" 1217 "none of the keys"
}

@test "sigstoreSigned: the name that was signed" {
  key="\"keyPath\":\"$PWD/key.pub\""
  sign key bare "$DIGEST" "$OWN/x"
  keep "$DIGEST" bare
  # cosign signs no tag, which the default does not accept.
  demand "$key"
  refused "$OWN/x:1" 1217 "signed as"
  refused "$OWN/x@$DIGEST" 1217
  demand "$key,\"signedIdentity\":{\"type\":\"exactRepository\",\"dockerRepository\":\"$OWN/x\"}"
  accepted "$OWN/x:1"
  demand "$key,\"signedIdentity\":{\"type\":\"exactRepository\",\"dockerRepository\":\"$OWN/y\"}"
  refused "$OWN/x:1" 1217
  sign key tagged "$DIGEST" "$OWN/x:1"
  keep "$DIGEST" tagged
  for type in matchRepoDigestOrExact matchExact matchRepository; do
    demand "$key,\"signedIdentity\":{\"type\":\"$type\"}"
    accepted "$OWN/x:1"
  done
  demand "$key"
  accepted "$OWN/x:1"
  accepted "$OWN/x@$DIGEST"
  demand "$key,\"signedIdentity\":{\"type\":\"matchExact\"}"
  refused "$OWN/x@$DIGEST" 1217
  demand "$key,\"signedIdentity\":{\"type\":\"exactReference\",\"dockerReference\":\"$OWN/x:1\"}"
  accepted "$OWN/x:1"
  sign key vendor "$DIGEST" "vendor.example/real/x:1"
  keep "$DIGEST" vendor
  refused "$OWN/x:1" 1217 "vendor.example"
  demand "$key,\"signedIdentity\":{\"type\":\"remapIdentity\",\"prefix\":\"$OWN\",\"signedPrefix\":\"vendor.example/real\"}"
  accepted "$OWN/x:1"
}

@test "sigstoreSigned: what is not known, or cannot be checked, is refused; all requirements count" {
  sign key good "$DIGEST" "$OWN/x:1"
  keep "$DIGEST" good
  key="\"keyPath\":\"$PWD/key.pub\""
  demand "$key"
  accepted "$OWN/x:1"
  for fields in "$key,\"rekorPublicKeyPath\":\"/k\"" "$key,\"more\":1" '"fulcio":{}' \
    "$key,\"signedIdentity\":{\"type\":\"matchSomething\"}" '"keyPath":"/nowhere"' \
    "\"keyPath\":\"$PWD/key.pem\"" "$key,\"keyData\":\"a2V5\""; do
    demand "$fields"
    refused "$OWN/x:1" 1216 policy.json
  done
  demand "$key},{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/k\""
  ours_refused "$OWN/x:1" 1216 signedBy
  demand "$key},{\"type\":\"insecureAcceptAnything\""
  accepted "$OWN/x:1"
  new_key other
  demand "$key},{\"type\":\"sigstoreSigned\",\"keyPath\":\"$PWD/other.pub\""
  refused "$OWN/x:1" 1217
  sign other second "$DIGEST" "$OWN/x:1"
  keep "$DIGEST" good second
  accepted "$OWN/x:1"
  # Only what comes from registries can have them.
  echo "{\"default\":[{\"type\":\"sigstoreSigned\",$key}]}" >"$POLICY"
  run_ct -1 pull -q "oci:$IMAGES/oci:busybox"
  assert_error 1216 "only registries"
}

@test "sigstoreSigned: of an image for several platforms, its own or that of the index" {
  size=$(skopeo inspect --raw --tls-verify=false "docker://$OWN/x:1" | wc -c)
  type=$(skopeo inspect --raw --tls-verify=false "docker://$OWN/x:1" | jq -r '.mediaType // "application/vnd.oci.image.manifest.v1+json"')
  jq -n --arg d "$DIGEST" --argjson n "$size" --arg t "$type" --arg a "$(dpkg --print-architecture)" '{
    schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
    ("s390x", $a) | {mediaType: $t, digest: $d, size: $n, platform: {os: "linux", architecture: .}}]}' >index.json
  /usr/bin/python3 -c 'import sys, urllib.request as u
u.urlopen(u.Request(sys.argv[1], sys.stdin.buffer.read(), {"Content-Type": "application/vnd.oci.image.index.v1+json"}, method="PUT"))' \
    "http://$OWN/v2/x/manifests/all" <index.json
  index=sha256:$(sha256sum <index.json | cut -d' ' -f1)
  own=$DIGEST
  demand
  sign key one "$own" "$OWN/x"
  keep "$own" one
  accepted "$OWN/x:all"
  keep "$own"
  refused "$OWN/x:all" 1217
  # As cosign signs without --recursive; containers/image looks at the image only.
  sign key all "$index" "$OWN/x"
  keep "$index" all
  run_ct -0 pull -q "$OWN/x:all"
  usr-ct rmi -f "$output" >/dev/null
  sign key wrong "$own" "$OWN/x"
  keep "$index" wrong
  ours_refused "$OWN/x:all" 1217 "another image"
}

@test "sigstoreSigned: a mirror without signatures is as one without the image" {
  sign key good "$DIGEST" "$OWN/x:1"
  keep "$DIGEST" good
  demand "\"keyPath\":\"$PWD/key.pub\""
  start_bad_registry count "$IMAGES/oci" busybox
  mkdir -p "$XDG_CONFIG_HOME/usr-ct"
  echo "{\"registries\":{\"$OWN\":{\"mirrors\":[\"$BAD_REGISTRY\"]}}}" >"$XDG_CONFIG_HOME/usr-ct/registries.json"
  run_ct -0 pull -q "$OWN/x:1"
  rm "$XDG_CONFIG_HOME/usr-ct/registries.json"
  stop_bad_registry
}
