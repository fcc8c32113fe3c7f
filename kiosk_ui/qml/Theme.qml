// Names and types of what kiosk_ui/theme.py sets before the first frame; no values live here.
pragma Singleton

import QtQuick

QtObject {
    readonly property string family: "Noto Sans SC"
    property bool still: false // pictures stand in one telling pose (screenshots, reduced motion)

    property real unit: 1 // pixels in a millimetre of the design

    property real gap1: 1
    property real gap2: 1
    property real gap3: 1
    property real gap4: 1
    property real gap5: 1
    property real margin: 1
    property real radius: 1
    property real radiusLarge: 1
    property real stroke: 1
    property real textSmall: 1
    property real textBody: 1
    property real textLead: 1
    property real textTitle: 1
    property real textFigure: 1
    property real target: 1
    property real button: 1

    property color canvas
    property color surface
    property color sunken
    property color ink
    property color inkSoft
    property color line
    property color edge
    property color accent
    property color accentPressed
    property color accentSoft
    property color accentSoftPressed
    property color onAccent
    property color success
    property color successSoft
    property color attention
    property color attentionSoft
    property color scrim
}
