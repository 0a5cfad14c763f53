#!/usr/bin/env bash
# What a person does with the panel, by mouse and keyboard, in a Blender window that fills a screen of 1600 x 1000 pixels.
# Run beside a Blender that was started with prepare.py, with DISPLAY set; needs xdotool and ImageMagick.
#
#   IMG23D_SHOTS   folder for the pictures; prepare.py's `state` is read there
#   IMG23D_PHOTOS  folder with exactly two pictures: the demo photo and, second by name, one to re-texture with
#   IMG23D_NAMES   names to type (default: the demo photo's)
#   IMG23D_PYTHON  with IMG23D_TINY_MODELS: a Python with torch and a folder of models (tests/tiny/make.py), for a learned
#                  re-texture and a learned run at the end
#   IMG23D_PATIENCE seconds that a step may take (default: 120; learned ones five times that)
#   IMG23D_TAB     where the tab is: 1299 282 in Blender 5.2 (default), 1308 208 in 4.3, which has no tab Animation before it
#   IMG23D_BROWSER where the file browser's field for the folder is: 680 33 in Blender 5.2 (default), 825 207 in 4.3
#
# Ends with "person: all steps passed"; a step whose outcome does not come in time ends it with status 1.
set -u
names=${IMG23D_NAMES:-pink lamp, green bottle, brown book, blue mug, red apple, yellow duck, purple star, orange bowl}
count=$(($(tr -cd , <<<"$names" | wc -c) + 1))
patience=${IMG23D_PATIENCE:-120} # seconds
hint=37 # pixels of the two lines about the AI models, until the panel knows that they are set up
declare -F shot >/dev/null || shot() { import -window root "$1"; }

step() { echo "person: $1"; }
look() { sleep 1; shot "$IMG23D_SHOTS/$1.png"; }
await() { # PATTERN...: until every pattern is a line of the state
  for _ in $(seq $patience); do
    sleep 1; missing=""
    for pattern in "$@"; do grep -qxE "$pattern" "$IMG23D_SHOTS/state" 2>/dev/null || missing=$pattern; done
    [ -z "$missing" ] && return
  done
  echo "person: waited too long for '$missing'; there is:" >&2; cat "$IMG23D_SHOTS/state" >&2
  shot "$IMG23D_SHOTS/failed.png"; exit 1
}
click() { xdotool mousemove "$(($1 + 3))" "$2"; sleep 0.7; xdotool mousemove "$1" "$2"; sleep 1; xdotool click --repeat "${3:-1}" --delay 100 1; sleep 1.5; }
in_view() { xdotool mousemove 500 700; sleep 0.5; for key in "$@"; do xdotool key "$key"; sleep 2; done; }
choose() { # PLACE in the file browser's list: 1 is the first picture
  set -- "$1" ${IMG23D_BROWSER:-680 33}
  click "$2" "$3" 2; xdotool key ctrl+a; xdotool type --delay 60 "$IMG23D_PHOTOS/"; xdotool key Return; sleep 3
  click $(($2 - 240)) $(($3 + 60 + ($1 - 1) * 21)) 2; sleep 2
}

await "jobs 0" idle; sleep 3
step "an empty scene, and the tab Img23D"
in_view a Delete n; await "objects 0"
click ${IMG23D_TAB:-1299 282}; look 1_tab
step "choose the photo"
click 1165 131; look 2_browser; choose 1; await "photo .+"; look 3_photo
step "type the names, press Generate"
click 1150 322 2; xdotool type --delay 60 "$names"; xdotool key Return; sleep 1
click 1160 $((440 + hint)); sleep 3; look 4_running
await "jobs 1" "last job done" idle "objects $count"
[ -n "${IMG23D_PYTHON:-}" ] && hint=0
[ "$(grep -c ': textured$' "$IMG23D_SHOTS/state")" = "$count" ] || { echo "person: not all are textured" >&2; exit 1; }
look 5_finished
step "look at them in Material Preview"
click 1252 39; in_view KP_1 KP_Decimal; sleep 45; look 6_result
step "one undo takes the run back, redo brings it again"
in_view ctrl+z; await "objects 0"; in_view ctrl+shift+z; await "objects $count"; in_view ctrl+z; await "objects 0"
step "a mesh of one's own with a subdivision modifier, re-textured from the front"
suzanne="mesh Suzanne: 507 vertices, 500 faces, SUBSURF" # as it is before, it stays
in_view shift+a; xdotool type --delay 150 monkey; sleep 1; xdotool key Return; await "object Suzanne: plain"
in_view KP_Decimal ctrl+2; await "$suzanne"
click 1085 $((485 + hint)); click 1085 $((615 + hint)); look 7_retexture_panel
click 1264 $((638 + hint)); choose 2; look 8_picture
click 1150 $((707 + hint)); await "jobs 2" "last job done" idle "object Suzanne: textured" "$suzanne"; look 9_retextured
in_view ctrl+KP_1; look 9_retextured_back; in_view KP_1
step "back and forth between old and new, and undone"
click 1150 $((730 + hint)); await "object Suzanne: plain" "$suzanne"; look 10_old_again
click 1150 $((730 + hint)); await "object Suzanne: textured" "$suzanne"
in_view ctrl+z ctrl+z ctrl+z; await "object Suzanne: plain" "$suzanne"
step "in Edit Mode the results wait"
in_view Tab; click 1160 $((440 + hint)); await "jobs 3" busy; sleep 15; look 11_waiting
in_view Tab; await idle "objects $((count + 1))"; look 12_all_there
if [ -n "${IMG23D_PYTHON:-}" ]; then
  patience=$((patience * 5))
  step "undone, so that the mesh is selected again, and Hunyuan3D chosen"
  in_view ctrl+z; await "objects 1" "object Suzanne: plain"
  click 1150 347; click 1150 421; await "engine hunyuan3d"; sleep 5; look 13_engine
  click 1110 491; look 14_texture_panel; click 1110 491
  step "the mesh of one's own, painted from all sides"
  click 1150 641; await "jobs 4" "last job done" idle "object Suzanne: textured" "$suzanne"; look 15_learned_retexture
  in_view ctrl+KP_1; look 15_learned_retexture_back; in_view KP_1
  click 1150 664; await "object Suzanne: plain"; click 1150 664; await "object Suzanne: textured"
  step "objects by the learned models"
  click 1160 376; sleep 5; look 16_learned
  await "jobs 5" "last job done" idle "objects $((count + 1))"
  [ "$(grep -c ': textured$' "$IMG23D_SHOTS/state")" = $((count + 1)) ] || { echo "person: not all are textured" >&2; exit 1; }
  look 17_learned_finished; in_view ctrl+KP_1; look 17_learned_finished_back
fi
echo "person: all steps passed"
