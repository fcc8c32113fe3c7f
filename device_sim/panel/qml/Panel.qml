// The panel: the terminal as a picture, what one has in one's hands, and the drawer of the device that was touched.
import QtQuick

Rectangle {
    id: root

    required property QtObject touches
    property QtObject passed: null
    property var sight: ({
            "devices": [],
            "cards": [],
            "to_pay": "",
            "receipts": 0,
            "troubles": 0,
            "chosen": "",
            "groups": [],
            "id_cards": [],
            "documents": [],
            "codes": [],
            "orders": []
        })
    property int paper: 0
    property bool cut: false
    property var held: []
    readonly property color canvas: Look.canvas
    readonly property real margin: 20
    readonly property bool wide: width >= 760
    readonly property var chosen: device(sight.chosen)

    function device(name) {
        return sight.devices.find(each => each.name === name) ?? null;
    }

    function choose(name) {
        root.touches.choose(root.sight.chosen === name ? "" : name);
    }

    color: canvas

    Connections {
        function onSeen(sight) {
            root.sight = sight;
        }
        function onSaid(line, refused) {
            problem.say(line, refused);
        }
        function onPaper(number, cut) {
            root.paper = number;
            root.cut = cut;
        }
        function onHeld(receipts) {
            root.held = receipts;
        }

        target: root.touches
    }
    Flickable {
        id: scroll

        anchors.bottom: parent.bottom
        anchors.right: parent.right
        anchors.top: parent.top
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        contentHeight: all.height
        contentWidth: width
        width: root.wide ? 380 : root.width

        Column {
            id: all

            readonly property real inner: width - 2 * root.margin
            readonly property real others: header.height + hands.height + wallet.height + 3 * spacing + topPadding + bottomPadding

            bottomPadding: 16
            leftPadding: root.margin
            rightPadding: root.margin
            spacing: 12
            topPadding: 12
            width: scroll.width

            Item {
                id: header

                height: 34
                width: all.inner

                Words {
                    id: title

                    anchors.verticalCenter: parent.verticalCenter
                    size: 19
                    strong: true
                    text: "Terminal"
                }
                Words {
                    anchors.baseline: title.baseline
                    anchors.left: title.right
                    anchors.leftMargin: 8
                    color: Look.inkSoft
                    size: 14
                    text: "终端"
                }
                Pill {
                    anchors.right: parent.right
                    anchors.verticalCenter: parent.verticalCenter
                    bad: true
                    objectName: "mend_all"
                    text: "Mend all 全部修复 · " + root.sight.troubles
                    visible: root.sight.troubles > 0

                    onPushed: root.touches.mend_all()
                }
            }
            Front {
                cut: root.cut
                height: Math.max(310, Math.min(460, root.height - all.others))
                paper: root.paper
                sight: root.sight
                width: all.inner

                onChosen: name => root.choose(name)
            }
            Row {
                id: hands

                readonly property real half: (all.inner - bank.width - 2 * spacing) / 2

                spacing: 8

                Push {
                    chinese: root.sight.to_pay ? "用手机支付" : "无待支付订单"
                    enabled: root.sight.to_pay !== ""
                    english: root.sight.to_pay ? "Pay " + root.sight.to_pay : "Nothing to pay"
                    objectName: "pay"
                    strong: true
                    width: hands.half

                    onPushed: root.touches.act("pay")
                }
                Push {
                    badge: root.sight.receipts > 1 ? root.sight.receipts : ""
                    chinese: root.sight.receipts ? "撕下凭条" : "没有凭条"
                    enabled: root.sight.receipts > 0
                    english: root.sight.receipts ? "Tear it off" : "No receipt"
                    objectName: "take_receipt"
                    strong: true
                    width: hands.half

                    onPushed: {
                        root.touches.take_receipt();
                        root.touches.choose("receipt_printer");
                        drawer.tab = "hands";
                    }
                }
                DevicePart {
                    id: bank

                    device: root.device("bank")
                    height: 52
                    highlighted: root.sight.chosen === "bank"
                    objectName: "device_bank"
                    slim: true
                    width: 76

                    onTapped: root.choose("bank")
                }
            }
            Wallet {
                id: wallet

                cards: root.sight.cards
                reader: root.sight.chosen === "card_reader" ? "card_reader" : "top_up_module"
                width: all.inner

                onTouched: name => root.touches.move_card(name)
            }
        }
    }
    ScrollMark {
        flickable: scroll
    }
    Drawer {
        id: drawer

        device: root.chosen
        held: root.held
        height: root.height
        passed: root.passed
        sight: root.sight
        touches: root.touches
        visible: device !== null
        wide: root.wide
        width: root.wide ? root.width - scroll.width : root.width
    }
    Rectangle {
        id: problem

        function say(line, refused) {
            words.text = line;
            color = refused ? Look.bad : Look.glow;
            if (line !== "")
                gone.restart();
            else
                gone.stop();
            visible = line !== "";
        }

        anchors.bottom: parent.bottom
        anchors.margins: 12
        anchors.right: parent.right
        height: words.implicitHeight + 24
        objectName: "problem"
        radius: 12
        visible: false
        width: scroll.width - 24

        Words {
            id: words

            anchors.left: parent.left
            anchors.leftMargin: 16
            anchors.right: parent.right
            anchors.rightMargin: 16
            anchors.verticalCenter: parent.verticalCenter
            color: Look.inkOnBad
            objectName: "problem_words"
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
