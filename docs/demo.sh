#!/bin/sh
# The main job from end to end. Every picture's path is printed as it is made.
set -eu
genzoo="${BIN:?}/genzoo"
out="$1"
mkdir -p "$out"
rm -rf "$out/run"

echo "64 faces from a pretrained GAN:"
"$genzoo" sample peeps-gan -n 64 --seed 0 -o "$out/peeps-gan.png"
echo "64 faces from a pretrained VAE:"
"$genzoo" sample peeps-vae -n 64 --seed 0 --prior mixture -o "$out/peeps-vae.png"
echo "Real faces, each above what the VAE makes of it:"
"$genzoo" reconstruct peeps-vae peeps -n 16 -o "$out/reconstructions.png"
echo "From one face to another:"
"$genzoo" interpolate peeps-gan --seed 1 --seed 2 --steps 10 -o "$out/interpolation.png"
echo "Ten invented names:"
"$genzoo" sample names-vae -n 10 --seed 0
echo "Spoken digits, to hear and to see:"
"$genzoo" sample digits-voice -n 20 --seed 0 -o "$out/digits.wav"
"$genzoo" sample digits-voice -n 20 --seed 0 -o "$out/digits.png"
echo "A VAE of your own, from nothing, in about a minute:"
"$genzoo" train conv-vae peeps --size 32 --width 16 --steps 1000 --snapshot-every 200 -o "$out/run"
"$genzoo" sample "$out/run" -n 64 --seed 0 --prior mixture -o "$out/trained.png"
echo "How it learned is in $out/run/samples/."
