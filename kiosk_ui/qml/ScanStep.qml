// Captures a document: the camera's picture, large, and the one thing to do now.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait

    columnSpacing: Theme.gap5
    columns: portrait ? 1 : 2
    rowSpacing: Theme.gap3

    ColumnLayout {
        Layout.alignment: Qt.AlignTop
        Layout.fillHeight: !root.portrait
        Layout.fillWidth: true
        Layout.maximumWidth: root.portrait ? root.width : 0.42 * root.width
        spacing: Theme.gap3

        Label {
            Layout.fillWidth: true
            Layout.topMargin: root.portrait ? Theme.gap1 : 0
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
        }
        Sides {
            Layout.fillWidth: true
            steps: root.page.steps
        }
        Banner {
            Layout.fillWidth: true
            objectName: "problem"
            text: root.page.problem
            visible: text !== ""
        }
        ScanHint {
            Layout.fillHeight: true
            Layout.fillWidth: true
            good: root.page.good
            picture: root.page.picture
            sign: root.page.sign
            text: root.page.hint
            upright: true
            visible: !root.portrait
        }
    }
    CameraPanel {
        Layout.fillHeight: !root.portrait
        Layout.fillWidth: true
        Layout.preferredHeight: root.portrait ? Math.min(0.75 * root.width + Theme.gap2, 0.56 * root.height) : -1 // the camera's picture is 4:3
        captioned: false
        model: root.model
    }
    ScanHint {
        Layout.fillHeight: true
        Layout.fillWidth: true
        good: root.page.good
        picture: root.page.picture
        sign: root.page.sign
        text: root.page.hint
        upright: false
        visible: root.portrait
    }
}
