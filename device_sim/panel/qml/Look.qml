// How the panel looks: dark, so that nobody takes it for a part of the terminal.
pragma Singleton
import QtQuick

QtObject {
    readonly property string family: "Noto Sans SC"
    readonly property color canvas: "#13222B"
    readonly property color raised: "#1E313C"
    readonly property color raisedPressed: "#2A4250"
    readonly property color line: "#2C4350"
    readonly property color ink: "#F2F6F8"
    readonly property color inkSoft: "#A9BDC8"
    readonly property color inkFaint: "#7F95A2"
    readonly property color go: "#1FA07A"
    readonly property color goPressed: "#178263"
    readonly property color inkOnGo: "#FFFFFF"
    readonly property color glow: "#4FE0B0"
    readonly property color bad: "#F0A13C"
    readonly property color inkOnBad: "#2A1700"
    readonly property color table: "#E9E6E0" // what paper_picture lays a receipt on
    readonly property color tableInk: "#2B2A2E"
    readonly property color tableInkSoft: "#6A665E"
}
