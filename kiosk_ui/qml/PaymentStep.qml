// Pay by phone: what, how, and how long there is still time.
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
        Layout.fillWidth: true
        Layout.alignment: Qt.AlignTop
        spacing: Theme.gap2

        Label {
            Layout.fillWidth: true
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.model.words.payment_title
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.gap3

            Label {
                Layout.alignment: Qt.AlignVCenter
                color: Theme.inkSoft
                size: Theme.textLead
                text: root.model.words.payment_label
            }
            Label {
                Layout.fillWidth: true
                color: Theme.accent
                lineHeight: 1
                objectName: "amount"
                size: root.portrait ? Theme.textFigure : 0.8 * Theme.textFigure
                strong: true
                text: root.page.amount
            }
        }
    }
    Rectangle {
        Layout.fillHeight: true
        Layout.fillWidth: true
        Layout.rowSpan: root.portrait ? 1 : 2
        border.color: Theme.line
        border.width: Theme.stroke
        color: Theme.surface
        radius: Theme.radiusLarge

        Image {
            id: code

            // The code has whole pixels a module: it asks for its room and the provider fills what it can.
            readonly property int room: Math.max(1, Math.floor(Math.min(parent.width, parent.height - time.height - Theme.gap4) - 2 * Theme.gap3))

            anchors.horizontalCenter: parent.horizontalCenter
            anchors.verticalCenter: parent.verticalCenter
            anchors.verticalCenterOffset: -(time.height + Theme.gap2) / 2
            cache: false
            fillMode: Image.Pad
            objectName: "qr"
            smooth: false
            source: root.page.qr
            sourceSize: Qt.size(room, room)

            Accessible.name: root.model.words.payment_qr
            Accessible.role: Accessible.Graphic
        }
        Row {
            id: time

            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.gap3
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap2

            Ring {
                height: 24 * Theme.unit
                objectName: "deadline"
                part: root.model.deadline.part
                seconds: root.model.deadline.left
                size: Theme.textSmall
                width: height
            }
            Label {
                anchors.verticalCenter: parent.verticalCenter
                text: root.model.deadline.left > 0 ? root.model.words.payment_deadline.replace("{seconds}", root.model.deadline.left) : root.model.words.payment_deadline_over
                wrapMode: Text.NoWrap
            }
        }
    }
    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: !root.portrait
        spacing: Theme.gap3

        Repeater {
            model: [root.model.words.payment_scan, root.model.words.payment_check, root.model.words.payment_wait]

            RowLayout {
                id: advice

                required property int index
                required property string modelData

                Layout.fillWidth: true
                spacing: Theme.gap3

                Rectangle {
                    Layout.alignment: Qt.AlignTop
                    color: Theme.accentSoft
                    implicitHeight: 12 * Theme.unit
                    implicitWidth: 12 * Theme.unit
                    radius: height / 2

                    Label {
                        anchors.centerIn: parent
                        color: Theme.accent
                        size: Theme.textSmall
                        strong: true
                        text: advice.index + 1
                    }
                }
                Label {
                    Layout.fillWidth: true
                    text: advice.modelData
                }
            }
        }
        Item {
            Layout.fillHeight: true
            visible: !root.portrait
        }
        Banner {
            Layout.fillWidth: true
            icon: root.page.cardPresent ? "check" : "attention"
            objectName: "card_hint"
            text: root.page.cardPresent ? root.model.words.payment_card_present : root.model.words.payment_card_absent
            tone: root.page.cardPresent ? "success" : "attention"
            visible: root.page.cardWanted
        }
    }
}
