// Names and types of what queue_display/board/theme.py sets before the first frame; no values live here.
pragma Singleton

import QtQuick

QtObject {
    readonly property string family: "Noto Sans SC"

    property real unit: 1 // pixels in a pixel of the design

    property real margin: 1
    property real gap: 1
    property real radius: 1
    property real header: 1
    property real textSmall: 1
    property real textBody: 1
    property real textFigure: 1
    property real textTime: 1
    property real textCall: 1
    property real textGoing: 1
    property real textNumber: 1

    property color surface
    property color sunken
    property color ink
    property color inkSoft
    property color line
    property color accent
    property color accentPressed
    property color accentSoft
    property color onAccent
    property color call
    property color attention
    property color attentionSoft
}
