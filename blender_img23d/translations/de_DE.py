"""German."""

TEXTS = {
    "Generate": "Erzeugen",
    "Choose a Photo...": "Foto auswählen ...",
    "Or drop one here in the viewport.": "Oder eines hier in die Ansicht ziehen.",
}
