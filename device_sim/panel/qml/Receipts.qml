// At the printer: tear the receipt off, look at those in the hand, open the cover, take the paper out.
import QtQuick

Item {
    id: root

    required property QtObject touches
    required property var sight
    required property var held
    property int number: 0 // of the receipt that is looked at
    property real zoom: 1

    function isOn(fault) {
        return root.sight.groups.some(group => group.switches.some(each => each.name === fault && each.on));
    }

    onHeldChanged: {
        number = held.length ? held[held.length - 1].number : 0;
        sheet.contentY = 0;
        sheet.contentX = 0;
    }

    Column {
        id: top

        anchors.left: parent.left
        anchors.leftMargin: 20
        anchors.right: parent.right
        anchors.rightMargin: 20
        spacing: 10
        topPadding: 16

        Push {
            badge: root.sight.receipts > 1 ? root.sight.receipts : ""
            chinese: root.sight.receipts ? "撕下凭条" : "出纸口没有凭条"
            enabled: root.sight.receipts > 0
            english: root.sight.receipts ? "Tear the receipt off" : "No receipt in the slot"
            objectName: "tear_off"
            strong: true
            width: parent.width

            onPushed: root.touches.take_receipt()
        }
        Row {
            spacing: 10

            Push {
                chinese: root.isOn("cover_open") ? "合上上盖" : "打开上盖"
                english: root.isOn("cover_open") ? "Shut the cover" : "Open the cover"
                objectName: "cover"
                width: (top.width - 10) / 2

                onPushed: root.touches.turn("cover_open", !root.isOn("cover_open"))
            }
            Push {
                chinese: root.isOn("paper_out") ? "装入纸卷" : "取出纸卷"
                english: root.isOn("paper_out") ? "Put paper in" : "Take the paper out"
                objectName: "roll"
                width: (top.width - 10) / 2

                onPushed: root.touches.turn("paper_out", !root.isOn("paper_out"))
            }
        }
        Item {
            height: 36
            width: parent.width

            ListView {
                id: stack

                anchors.fill: parent
                anchors.rightMargin: 96
                boundsBehavior: Flickable.StopAtBounds
                clip: true
                layoutDirection: Qt.LeftToRight
                model: root.held.length
                objectName: "stack"
                orientation: ListView.Horizontal
                spacing: 8

                delegate: Pill {
                    required property int index
                    readonly property var receipt: root.held[root.held.length - 1 - index] ?? {
                        "number": 0,
                        "at": ""
                    }

                    height: 36
                    objectName: "held_" + receipt.number
                    on: receipt.number === root.number
                    text: receipt.number + " · " + receipt.at

                    onPushed: {
                        root.number = receipt.number;
                        sheet.contentY = 0;
                        sheet.contentX = 0;
                    }
                }
            }
            Words {
                anchors.left: parent.left
                anchors.right: parent.right
                anchors.verticalCenter: parent.verticalCenter
                color: Look.inkSoft
                size: 12
                text: "Receipts that you tear off are kept here. 撕下的凭条放在这里。"
                wrapMode: Text.Wrap
                visible: root.held.length === 0
            }
            Row {
                anchors.right: parent.right
                spacing: 6
                visible: root.held.length > 0

                Repeater {
                    model: ["−", "+"]

                    Pill {
                        required property string modelData

                        enabled: modelData === "+" ? root.zoom < 3 : root.zoom > 0.5
                        height: 36
                        objectName: modelData === "+" ? "zoom_in" : "zoom_out"
                        text: modelData
                        width: 42

                        onPushed: root.zoom = Math.max(0.5, Math.min(3, root.zoom * (modelData === "+" ? 1.25 : 0.8)))
                    }
                }
            }
        }
    }
    Rectangle {
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: top.bottom
        anchors.topMargin: 12
        clip: true
        color: root.number > 0 ? Look.table : "transparent"

        Flickable {
            id: sheet

            anchors.fill: parent
            boundsBehavior: Flickable.StopAtBounds
            contentHeight: picture.height
            contentWidth: Math.max(width, picture.width)
            objectName: "sheet"

            Image {
                id: picture

                cache: false
                objectName: "paper_in_hand"
                source: root.number > 0 ? "image://paper/taken/" + root.number : ""
                sourceSize.width: Math.round(Math.min(400, sheet.width) * root.zoom)
                x: Math.max(0, (sheet.width - width) / 2)
            }
        }
        ScrollMark {
            flickable: sheet
            light: false
        }
    }
}
