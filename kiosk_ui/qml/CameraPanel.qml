// What the camera sees, whole and in its own proportions, and where the card must lie; or what is wrong with it.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    readonly property QtObject camera: model.camera
    property bool captioned: true // says below the picture where the card must lie

    border.color: Theme.line
    border.width: Theme.stroke
    color: Theme.surface
    radius: Theme.radiusLarge

    Image {
        id: frame

        anchors.bottom: root.captioned ? words.top : parent.bottom
        anchors.left: parent.left
        anchors.margins: Theme.gap3
        anchors.right: parent.right
        anchors.top: parent.top
        cache: false
        fillMode: Image.PreserveAspectFit
        mirror: root.camera.mirrored
        objectName: "camera"
        source: root.camera.source
        visible: root.camera.source !== ""

        Accessible.name: root.model.words.preview_picture
        Accessible.role: Accessible.Graphic
    }
    Rectangle {
        // A card of ISO/IEC 7810 size ID-1 is 85.60 mm x 53.98 mm.
        readonly property real room: Math.min(frame.paintedWidth, frame.paintedHeight * 85.6 / 53.98)

        anchors.centerIn: frame
        border.color: Theme.surface
        border.width: 2 * Theme.stroke
        color: "transparent"
        height: width * 53.98 / 85.6
        objectName: "card_outline"
        radius: Theme.radius
        visible: frame.visible && root.camera.outlined
        width: 0.8 * room

        Rectangle {
            anchors.fill: parent
            anchors.margins: -2 * Theme.stroke
            border.color: Theme.accent
            border.width: 2 * Theme.stroke
            color: "transparent"
            radius: parent.radius + 2 * Theme.stroke
        }
    }
    Label {
        id: words

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.margins: Theme.gap3
        anchors.right: parent.right
        horizontalAlignment: Text.AlignHCenter
        objectName: "camera_hint"
        text: root.model.words.preview_card
        visible: root.captioned && frame.visible && root.camera.outlined
    }
    Label {
        anchors.left: parent.left
        anchors.margins: Theme.gap4
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        color: Theme.inkSoft
        horizontalAlignment: Text.AlignHCenter
        objectName: "camera_wait"
        size: Theme.textLead
        text: root.model.words.preview_wait
        visible: !frame.visible && root.camera.problem === ""
    }
    Banner {
        anchors.left: parent.left
        anchors.margins: Theme.gap4
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        objectName: "camera_problem"
        text: root.camera.problem
        visible: root.camera.problem !== ""
    }
}
