// A ticket of the queue: its number, how long it will take, and the code by which a phone shows it.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property bool coded: page.qr !== ""

    columnSpacing: Theme.gap4
    columns: portrait ? 1 : 2
    rowSpacing: Theme.gap4
    uniformCellWidths: true

    Rectangle {
        Layout.fillHeight: !root.portrait
        Layout.fillWidth: true
        color: Theme.accentSoft
        implicitHeight: words.implicitHeight + 2 * Theme.gap3
        radius: Theme.radiusLarge

        ColumnLayout {
            id: words

            anchors.left: parent.left
            anchors.margins: Theme.gap4
            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            spacing: Theme.gap2

            Label {
                Layout.fillWidth: true
                color: Theme.inkSoft
                horizontalAlignment: Text.AlignHCenter
                size: Theme.textLead
                text: root.page.service
            }
            Label {
                Layout.fillWidth: true
                color: Theme.accent
                fontSizeMode: Text.HorizontalFit
                horizontalAlignment: Text.AlignHCenter
                lineHeight: 1
                objectName: "number"
                size: 2.4 * Theme.textFigure
                strong: true
                text: root.page.number
                wrapMode: Text.NoWrap
            }
            Label {
                Layout.fillWidth: true
                color: Theme.accent
                horizontalAlignment: Text.AlignHCenter
                objectName: "customer_class"
                size: Theme.textLead
                strong: true
                text: root.page.customerClass
                visible: text !== ""
            }
            Label {
                Layout.fillWidth: true
                Layout.topMargin: Theme.gap2
                horizontalAlignment: Text.AlignHCenter
                objectName: "ahead"
                size: Theme.textLead
                strong: true
                text: root.page.ahead
            }
            Label {
                Layout.fillWidth: true
                horizontalAlignment: Text.AlignHCenter
                objectName: "wait"
                size: Theme.textLead
                text: root.page.wait
            }
        }
    }
    ColumnLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        spacing: Theme.gap4

        Banner {
            Layout.fillWidth: true
            icon: root.page.paper === "none" ? "attention" : root.page.paper === "printed" ? "check" : "info"
            objectName: "body"
            size: Theme.textLead
            text: root.page.body
            tone: root.page.paper === "none" ? "attention" : root.page.paper === "printed" ? "success" : "neutral"
        }
        Banner {
            Layout.fillWidth: true
            objectName: "take"
            text: root.page.take
            visible: text !== ""
        }
        Rectangle {
            Layout.fillHeight: true
            Layout.fillWidth: true
            border.color: Theme.line
            border.width: Theme.stroke
            color: Theme.surface
            radius: Theme.radiusLarge

            Image {
                // The code has whole pixels a module: it asks for its room and the provider fills what it can.
                readonly property int room: Math.max(1, Math.floor(Math.min(parent.width, parent.height - caption.height - Theme.gap2) - 2 * Theme.gap2))

                anchors.horizontalCenter: parent.horizontalCenter
                anchors.verticalCenter: parent.verticalCenter
                anchors.verticalCenterOffset: -(caption.height + Theme.gap2) / 2
                cache: false
                fillMode: Image.Pad
                objectName: "qr"
                smooth: false
                source: root.page.qr
                sourceSize: Qt.size(room, room)
                visible: root.coded

                Accessible.name: root.model.words.queue_scan
                Accessible.role: Accessible.Graphic
            }
            Label {
                id: caption

                anchors.bottom: parent.bottom
                anchors.bottomMargin: Theme.gap3
                anchors.left: parent.left
                anchors.margins: Theme.gap3
                anchors.right: parent.right
                horizontalAlignment: Text.AlignHCenter
                size: Theme.textSmall
                text: root.model.words.queue_scan
                visible: root.coded
            }
            Picture {
                anchors.fill: parent
                anchors.margins: Theme.gap3
                name: root.page.paper === "none" ? "staff" : "take_receipt"
                visible: !root.coded
            }
        }
    }
}
