// The panel: cards, phone, receipt, bad luck. It holds nothing but its fold and scroll.
import QtQuick

Rectangle {
    id: root

    required property QtObject touches
    property var sight: ({
            "cards": [],
            "to_pay": "",
            "receipts": 0,
            "switches": [],
            "bad_luck": 0
        })
    property bool unfolded: false
    readonly property color canvas: Look.canvas
    readonly property real margin: 20

    color: canvas
    implicitHeight: all.height

    Connections {
        function onSeen(sight) {
            root.sight = sight;
        }
        function onRefused(line) {
            problem.say(line);
        }
        function onReceipt_taken() {
            sheet.take();
            sheet.visible = true;
        }

        target: root.touches
    }
    Flickable {
        id: scroll

        anchors.fill: parent
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        contentHeight: all.height
        contentWidth: width

        // Where the window is too small for all, what has unfolded is looked at.
        function settle() {
            contentY = root.unfolded ? Math.max(0, contentHeight - height) : 0;
        }

        onContentHeightChanged: settle()
        onHeightChanged: settle()

        Column {
            id: all

            bottomPadding: root.margin
            leftPadding: root.margin
            rightPadding: root.margin
            spacing: 14
            topPadding: 16
            width: root.width

            Item {
                height: 30
                width: root.width - 2 * root.margin

                Words {
                    id: title

                    size: 20
                    strong: true
                    text: "Your hands"
                }
                Words {
                    anchors.baseline: title.baseline
                    anchors.left: title.right
                    anchors.leftMargin: 10
                    color: Look.inkSoft
                    size: 14
                    text: "您的双手"
                }
            }
            Repeater {
                model: root.sight.cards.length

                CardView {
                    required property int index

                    card: root.sight.cards[index]
                    colour: ["#0F6D8C", "#6C46A0", "#56676F", "#8A5A1C"][index % 4]
                    objectName: "card_" + card.name
                    width: root.width - 2 * root.margin

                    onTapped: here ? root.touches.take_off() : root.touches.lay_on(card.name)
                }
            }
            Push {
                chinese: root.sight.to_pay ? "用手机支付 " + root.sight.to_pay : "没有待支付的订单"
                english: root.sight.to_pay ? "Pay " + root.sight.to_pay + " with the phone" : "Nothing to pay"
                enabled: root.sight.to_pay !== ""
                objectName: "pay"
                strong: true
                width: root.width - 2 * root.margin

                onPushed: root.touches.pay()
            }
            Push {
                badge: root.sight.receipts > 1 ? root.sight.receipts : ""
                chinese: root.sight.receipts ? "取走凭条" : "没有凭条"
                english: root.sight.receipts ? "Take the receipt" : "No receipt"
                enabled: root.sight.receipts > 0
                objectName: "take_receipt"
                strong: true
                width: root.width - 2 * root.margin

                onPushed: root.touches.take_receipt()
            }
            Rectangle {
                color: Look.line
                height: 1
                width: root.width - 2 * root.margin
            }
            Item {
                height: 34
                objectName: "bad_luck"
                width: root.width - 2 * root.margin

                Accessible.name: "Bad luck"
                Accessible.onPressAction: root.unfolded = !root.unfolded
                Accessible.role: Accessible.Button

                Words {
                    id: badLuck

                    anchors.verticalCenter: parent.verticalCenter
                    size: 15
                    strong: true
                    text: "Bad luck"
                }
                Words {
                    id: badLuckChinese

                    anchors.baseline: badLuck.baseline
                    anchors.left: badLuck.right
                    anchors.leftMargin: 8
                    color: Look.inkSoft
                    size: 13
                    text: "坏运气"
                }
                Rectangle {
                    anchors.left: badLuckChinese.right
                    anchors.leftMargin: 10
                    anchors.verticalCenter: parent.verticalCenter
                    color: Look.bad
                    height: 22
                    radius: 11
                    visible: root.sight.bad_luck > 0
                    width: Math.max(22, count.implicitWidth + 12)

                    Words {
                        id: count

                        anchors.centerIn: parent
                        color: Look.inkOnBad
                        size: 12
                        strong: true
                        text: root.sight.bad_luck
                    }
                }
                Words {
                    anchors.right: parent.right
                    anchors.verticalCenter: parent.verticalCenter
                    color: Look.inkSoft
                    size: 15
                    text: root.unfolded ? "▲" : "▼"
                }
                MouseArea {
                    anchors.fill: parent
                    onClicked: root.unfolded = !root.unfolded
                }
            }
            Column {
                visible: root.unfolded
                width: root.width - 2 * root.margin

                Repeater {
                    model: root.sight.switches.length

                    SwitchRow {
                        required property int index

                        misfortune: root.sight.switches[index]
                        objectName: "switch_" + misfortune.name
                        width: root.width - 2 * root.margin

                        onTurned: on => root.touches.turn(misfortune.name, on)
                    }
                }
            }
        }
    }
    ScrollMark {
        flickable: scroll
    }
    ReceiptSheet {
        id: sheet

        anchors.fill: parent
        visible: false

        onPutAway: visible = false
    }
    Rectangle {
        id: problem

        function say(line) {
            words.text = line;
            if (line !== "")
                gone.restart();
            else
                gone.stop();
            visible = line !== "";
        }

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.margins: 12
        anchors.right: parent.right
        color: Look.bad
        height: words.implicitHeight + 24
        objectName: "problem"
        radius: 12
        visible: false

        Words {
            id: words

            anchors.left: parent.left
            anchors.leftMargin: 16
            anchors.right: parent.right
            anchors.rightMargin: 16
            anchors.verticalCenter: parent.verticalCenter
            color: Look.inkOnBad
            size: 14
            strong: true
            wrapMode: Text.Wrap
        }
        Timer {
            id: gone

            interval: 6000
            onTriggered: problem.visible = false
        }
    }
}
