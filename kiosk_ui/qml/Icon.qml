// A line icon of kiosk_ui/icons in one colour.
import QtQuick

Image {
    required property string name
    required property color color
    required property real size

    width: size
    height: size
    source: name === "" ? "" : "image://icon/" + name + "/" + color.toString().slice(-6)
    sourceSize: Qt.size(size, size)

    Accessible.ignored: true
}
