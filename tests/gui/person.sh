# What a person does with the panel, by mouse and keyboard, in a window of 1600 x 1000 pixels. Run beside Blender as the
# DRIVER of a virtual screen, where `shot FILE` saves the screen; see prepare.py for the variables.
await() { for _ in $(seq 120); do [ -e "$IMG23D_SHOTS/$1" ] && return; sleep 1; done; echo "waited too long for $1" >&2; exit 1; }
click() { xdotool mousemove "$1" "$2"; sleep 1; xdotool click "${3:-1}"; sleep 1; }

await ready; sleep 3
click 500 900                                                                          # the splash goes away
sleep 2
shot "$IMG23D_SHOTS/1_photo.png"
xdotool mousemove 1150 322; sleep 1; xdotool click --repeat 2 --delay 120 1; sleep 1   # the field for names
xdotool type --delay 150 "${IMG23D_NAMES:-lamp, bottle, book, mug}"; sleep 1; xdotool key Return; sleep 2
shot "$IMG23D_SHOTS/2_names.png"
click 1160 404                                                                         # Generate
for i in 1 2 3; do sleep 4; shot "$IMG23D_SHOTS/3_running_$i.png"; done
await done; sleep 4
shot "$IMG23D_SHOTS/4_result.png"
