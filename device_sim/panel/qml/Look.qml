// How the panel looks: dark around a terminal of light metal, so that nobody takes it for a part of the screen.
pragma Singleton
import QtQuick

QtObject {
    readonly property string family: "Noto Sans SC"
    readonly property color canvas: "#13222B"
    readonly property color deep: "#0D1920"
    readonly property color raised: "#1E313C"
    readonly property color raisedPressed: "#2A4250"
    readonly property color line: "#2C4350"
    readonly property color ink: "#F2F6F8"
    readonly property color inkSoft: "#A9BDC8"
    readonly property color inkFaint: "#7F95A2"
    readonly property color go: "#157F60"
    readonly property color goPressed: "#0F6A50"
    readonly property color inkOnGo: "#FFFFFF"
    readonly property color glow: "#4FE0B0"
    readonly property color bad: "#F0A13C"
    readonly property color inkOnBad: "#2A1700"
    readonly property color table: "#E9E6E0" // what paper_picture lays a receipt on
    readonly property color metalLight: "#E3E8EB"
    readonly property color metal: "#C9D1D6"
    readonly property color metalDark: "#9AA7AF"
    readonly property color metalInk: "#26343C"
    readonly property color metalInkSoft: "#4A5A64"
    readonly property color part: "#33424B"
    readonly property color partDeep: "#1B262D"
    readonly property color partLine: "#55666F"
    readonly property var cards: ["#0F6D8C", "#6C46A0", "#56676F", "#8A5A1C", "#2F6B46", "#8C3A4B"]
    readonly property color stranger: "#8C9AA2"

    function cardColour(index) {
        return index < 0 ? stranger : cards[index % cards.length];
    }
}
