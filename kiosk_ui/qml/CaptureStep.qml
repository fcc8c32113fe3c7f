// Asks for something to be done with a card: says it, shows it, and says what went wrong before.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait

    columnSpacing: Theme.gap5
    columns: portrait ? 1 : 2
    rowSpacing: Theme.gap4
    uniformCellWidths: true

    ColumnLayout {
        Layout.alignment: root.portrait ? Qt.AlignTop : Qt.AlignVCenter
        Layout.fillWidth: true
        Layout.topMargin: root.portrait ? Theme.gap3 : 0
        spacing: Theme.gap3

        Label {
            Layout.fillWidth: true
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
        }
        Label {
            Layout.fillWidth: true
            color: Theme.inkSoft
            objectName: "body"
            size: Theme.textLead
            text: root.page.body
        }
        Banner {
            Layout.fillWidth: true
            Layout.topMargin: Theme.gap1
            objectName: "problem"
            text: root.page.problem
            visible: text !== ""
        }
        RowLayout {
            Layout.fillWidth: true
            Layout.topMargin: Theme.gap1
            spacing: Theme.gap3
            visible: root.page.timed

            Ring {
                implicitHeight: 24 * Theme.unit
                implicitWidth: 24 * Theme.unit
                objectName: "deadline"
                part: root.model.deadline.part
                seconds: root.model.deadline.left
            }
            Label {
                Layout.fillWidth: true
                text: root.model.words.capture_deadline.replace("{seconds}", root.model.deadline.left)
            }
        }
    }
    PicturePanel {
        Layout.fillHeight: true
        Layout.fillWidth: true
        objectName: "picture"
        pictures: [root.page.picture]
        visible: !root.model.camera.wanted
    }
    CameraPanel {
        Layout.fillHeight: true
        Layout.fillWidth: true
        model: root.model
        visible: root.model.camera.wanted
    }
}
