// How it ended: what happened to the money, and what to do now.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property var page
    required property bool portrait
    readonly property color toneColor: page.tone === "success" ? Theme.success : page.tone === "attention" ? Theme.attention : Theme.accent
    readonly property color toneSoft: page.tone === "success" ? Theme.successSoft : page.tone === "attention" ? Theme.attentionSoft : Theme.accentSoft

    readonly property bool alone: page.pictures.length === 0 && page.facts.length === 0
    readonly property bool tall: page.pictures.length === 0 || !portrait // the words take all the height there is

    columnSpacing: Theme.gap4
    columns: portrait || alone ? 1 : 2
    rowSpacing: Theme.gap4
    uniformCellWidths: true

    Rectangle {
        Layout.fillHeight: root.tall
        Layout.fillWidth: true
        color: root.toneSoft
        implicitHeight: head.height + 2 * Theme.gap4
        objectName: "tone_" + root.page.tone
        radius: Theme.radiusLarge

        GridLayout {
            id: head

            anchors.left: parent.left
            anchors.margins: root.tall ? Theme.gap5 : Theme.gap4
            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            columnSpacing: Theme.gap4
            columns: root.tall ? 1 : 2
            rowSpacing: Theme.gap4

            Rectangle {
                Layout.alignment: Qt.AlignTop
                color: root.toneColor
                implicitHeight: (root.tall ? 34 : 26) * Theme.unit
                implicitWidth: implicitHeight
                radius: height / 2

                Icon {
                    anchors.centerIn: parent
                    color: Theme.onAccent
                    name: root.page.tone === "success" ? "check" : root.page.tone === "attention" ? "exclamation" : "notice"
                    size: parent.height * 0.62
                }
            }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: Theme.gap2

                Label {
                    Layout.fillWidth: true
                    color: root.toneColor
                    objectName: "title"
                    size: Theme.textTitle
                    strong: true
                    text: root.page.title
                }
                Label {
                    Layout.fillWidth: true
                    objectName: "body"
                    size: Theme.textLead
                    text: root.page.body
                }
            }
        }
    }
    ColumnLayout {
        Layout.fillHeight: root.page.pictures.length > 0
        Layout.fillWidth: true
        spacing: Theme.gap4
        visible: facts.visible || picture.visible

        FactsTable {
            id: facts

            Layout.fillWidth: true
            facts: root.page.facts
            objectName: "facts"
            visible: root.page.facts.length > 0
        }
        PicturePanel {
            id: picture

            Layout.fillHeight: true
            Layout.fillWidth: true
            objectName: "picture"
            pictures: root.page.pictures
            room: Theme.gap3
            visible: root.page.pictures.length > 0
        }
    }
}
