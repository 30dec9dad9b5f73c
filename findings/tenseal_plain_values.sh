#!/bin/sh
# What: plain values beside the encrypted vectors of TenSEAL.
# Versions: tenseal 0.3.18, numpy 2.4.6.
# Guess: BFV takes integers modulo t and gives 0 .. t-1 back; fractions raise; lengths that differ raise.
# Seen: BFV gives signed representatives: what is above t / 2 comes back negative, and 1.7 is taken as 1, -1.7 as -1,
#     without a word. In CKKS a plain list of another length raises, a ciphertext of length one is repeated to the
#     length of the other. x - x of one and the same ciphertext raises.
# For users of spdz: signed values are our convention too, but a fraction is refused here: scale it first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tenseal==0.3.18 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import tenseal

exact = tenseal.context(tenseal.SCHEME_TYPE.BFV, 4096, plain_modulus=1032193)
print("BFV 600000:    ", tenseal.bfv_vector(exact, [600000]).decrypt())
print("BFV 1.7, -1.7: ", tenseal.bfv_vector(exact, [1.7, -1.7]).decrypt())
context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[60, 40, 40, 60])
context.global_scale = 2**40
context.generate_galois_keys()
x = tenseal.ckks_vector(context, [1.0, 2.0, 3.0])

def show(text, compute):
    try:
        print(text, [round(value, 3) for value in compute().decrypt()])
    except (ValueError, RuntimeError) as error:
        print(text, type(error).__name__, error)

show("CKKS + encrypted [1]:", lambda: x + tenseal.ckks_vector(context, [1.0]))
show("CKKS + plain [1]:    ", lambda: x + [1.0])
show("CKKS x - x:          ", lambda: x - x)
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
BFV 600000:     [-432193]
BFV 1.7, -1.7:  [1, -1]
CKKS + encrypted [1]: [2.0, 3.0, 4.0]
CKKS + plain [1]:     ValueError can't add vectors of different sizes
CKKS x - x:           RuntimeError result ciphertext is transparent
EOF
