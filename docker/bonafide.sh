# Runs the program in the compose file's containers, with the database's password from its secret.
# The password must not need escaping in a URL: letters, digits, `-`, `_` and `=`.
set -eu
password=$(cat /run/secrets/data_password)
export BONAFIDE_DATABASE_URL="postgres://bonafide:$password@data-db/bonafide"
exec bonafide "$@"
