// A picture or a notice of the branch, in the place of the last call while nobody is called.
import QtQuick

Rectangle {
    id: root

    required property QtObject model

    color: Theme.surface
    objectName: "notice"
    radius: Theme.radius

    Image {
        anchors.fill: parent
        anchors.margins: Theme.gap / 2
        asynchronous: true
        cache: false
        fillMode: Image.PreserveAspectFit
        objectName: "picture"
        source: root.model.notice_picture
        sourceSize: Qt.size(width, height)
        onStatusChanged: if (status === Image.Error)
            root.model.skip_notice()
    }
    Column {
        anchors.left: parent.left
        anchors.margins: 2 * Theme.margin
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        spacing: 1.5 * Theme.gap
        visible: root.model.notice_headline !== ""

        Label {
            id: headline

            color: Theme.accent
            height: Math.min(implicitHeight, 3 * size)
            fontSizeMode: Text.FixedSize
            size: 1.3 * Theme.textFigure
            strong: true
            lineHeight: 0.88
            text: root.model.notice_headline
            width: parent.width
            wrapMode: Text.Wrap
        }
        Label {
            color: Theme.ink
            fontSizeMode: Text.Fit
            height: Math.min(implicitHeight, root.height - headline.height - 3 * Theme.margin)
            lineHeight: 0.88
            text: root.model.notice_text
            verticalAlignment: Text.AlignTop
            width: parent.width
            wrapMode: Text.Wrap
        }
    }
}
