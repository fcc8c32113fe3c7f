// What a hand does at the device that was touched, the printer aside.
import QtQuick

Column {
    id: root

    required property QtObject touches
    required property var sight
    required property var device
    property bool wide: false // the cards stand beside the drawer
    readonly property string kind: device?.name ?? ""
    readonly property real half: (width - 10) / 2

    spacing: 14

    // cards
    Column {
        spacing: 14
        visible: root.kind === "top_up_module" || root.kind === "card_reader"
        width: parent.width

        Rectangle {
            color: Look.metal
            height: 190
            radius: 14
            width: parent.width

            Glyph {
                anchors.centerIn: parent
                device: root.device
                height: 150
                width: 340
            }
        }
        Words {
            color: Look.inkSoft
            size: 14
            text: root.kind === "card_reader" ? "Touch a card to push it in. 触碰一张卡即可插入。" : "Touch a card to lay it on. 触碰一张卡即可放上。"
            visible: (root.device?.card ?? -1) === -1
            width: parent.width
            wrapMode: Text.Wrap
        }
        Push {
            chinese: root.kind === "card_reader" ? "拔出卡口的卡" : "取走卡"
            english: root.kind === "card_reader" ? "Pull the card at the gate" : "Take the card off"
            objectName: root.kind === "card_reader" ? "pull_card" : "take_card"
            strong: true
            visible: (root.device?.card ?? -1) !== -1
            width: parent.width

            onPushed: root.touches.act(root.kind === "card_reader" ? "pull_card" : "take_card")
        }
        Push {
            badge: (root.device?.captured ?? 0) > 0 ? root.device.captured : ""
            chinese: root.device?.captured ? "清空回收箱" : "回收箱是空的"
            english: root.device?.captured ? "Empty the capture bin" : "The capture bin is empty"
            enabled: (root.device?.captured ?? 0) > 0
            objectName: "empty_bin"
            visible: root.kind === "card_reader" && (root.device?.captured ?? -1) >= 0
            width: parent.width

            onPushed: root.touches.act("empty_bin")
        }
        Wallet {
            cards: root.sight.cards
            prefix: "here_"
            reader: root.kind
            visible: !root.wide
            width: parent.width

            onTouched: name => root.touches.move_card(name)
        }
    }
    // ID cards
    Choices {
        choices: root.sight.id_cards
        prefix: "id_card_"
        visible: root.kind === "id_card_reader"
        width: parent.width

        onTouched: choice => choice.here ? root.touches.act("take_id_card") : root.touches.act("place_id_card", {
                "card": choice.name
            })
    }
    // keys
    Keypad {
        awake: root.device?.awake ?? false
        visible: root.kind === "pin_pad"
        width: Math.min(parent.width, 400)

        onPressed: key => root.touches.act("press", {
                "keys": [key]
            })
    }
    // codes
    Column {
        spacing: 14
        visible: root.kind === "barcode_scanner"
        width: parent.width

        Choices {
            choices: root.sight.codes
            prefix: "code_"
            width: parent.width
            withName: true

            onTouched: choice => root.touches.act("scan", {
                    "code": choice.name
                })
        }
        Words {
            color: Look.inkSoft
            size: 13
            text: "Or any other code 或其他码"
        }
        Row {
            spacing: 10
            width: parent.width

            Rectangle {
                border.color: typed.activeFocus ? Look.glow : Look.line
                border.width: 1
                color: Look.raised
                height: 46
                radius: 10
                width: parent.width - 130

                TextInput {
                    id: typed

                    anchors.fill: parent
                    anchors.leftMargin: 14
                    anchors.rightMargin: 14
                    clip: true
                    color: Look.ink
                    font.family: Look.family
                    font.pixelSize: 15
                    maximumLength: 512
                    objectName: "code_typed"
                    selectByMouse: true
                    verticalAlignment: TextInput.AlignVCenter

                    onAccepted: hold.pushed()
                }
            }
            Pill {
                id: hold

                enabled: typed.text !== ""
                height: 46
                objectName: "scan_typed"
                text: "Hold up 出示"
                width: 120

                onPushed: if (typed.text !== "")
                    root.touches.act("scan", {
                        "code": typed.text
                    })
            }
        }
    }
    // a document below the camera
    Column {
        id: desk

        property real angle: 0
        readonly property bool lies: (root.device?.card ?? -1) !== -1

        spacing: 10
        visible: root.kind === "camera"
        width: parent.width

        Rectangle {
            color: "#96806A"
            height: 190
            radius: 12
            width: parent.width

            Rectangle {
                anchors.centerIn: parent
                border.color: "#8A8F93"
                border.width: 1
                color: "#D6E2EE"
                height: 108
                radius: 6
                rotation: -desk.angle
                visible: desk.lies
                width: 171

                Words {
                    anchors.centerIn: parent
                    color: "#283C50"
                    size: 16
                    strong: true
                    text: "SPECIMEN 样本"
                }
            }
            Words {
                anchors.centerIn: parent
                color: "#FFFFFF"
                size: 13
                text: "Nothing lies below the camera 摄像头下没有证件"
                visible: !desk.lies
            }
        }
        Row {
            spacing: 10

            Repeater {
                model: [
                    {
                        "by": 15,
                        "english": "Turn left",
                        "chinese": "向左转"
                    },
                    {
                        "by": -15,
                        "english": "Turn right",
                        "chinese": "向右转"
                    }
                ]

                Push {
                    required property var modelData

                    chinese: modelData.chinese
                    english: modelData.english
                    enabled: desk.lies
                    objectName: "turn_" + (modelData.by > 0 ? "left" : "right")
                    width: root.half

                    onPushed: {
                        desk.angle = (desk.angle + modelData.by) % 360;
                        root.touches.act("turn_document", {
                            "angle": desk.angle
                        });
                    }
                }
            }
        }
        Push {
            chinese: "翻面"
            english: "Turn it over"
            enabled: desk.lies
            objectName: "turn_over"
            width: parent.width

            onPushed: root.touches.act("turn_over_document")
        }
        Choices {
            choices: root.sight.documents
            prefix: "document_"
            width: parent.width

            onTouched: choice => {
                if (choice.here)
                    root.touches.act("take_document");
                else {
                    desk.angle = 0;
                    root.touches.act("lay_document", {
                        "document": choice.name
                    });
                }
            }
        }
    }
    // the bank's books
    Column {
        spacing: 8
        visible: root.kind === "bank"
        width: parent.width

        Push {
            chinese: root.sight.to_pay ? "用手机支付 " + root.sight.to_pay : "没有待支付的订单"
            english: root.sight.to_pay ? "The phone pays " + root.sight.to_pay : "Nothing to pay"
            enabled: root.sight.to_pay !== ""
            strong: true
            width: parent.width

            onPushed: root.touches.act("pay")
        }
        Words {
            color: Look.inkSoft
            size: 13
            text: root.sight.orders.length ? "Orders, latest first 订单，最新在前" : "No orders yet 还没有订单"
            topPadding: 8
        }
        Repeater {
            model: root.sight.orders.length

            Rectangle {
                id: order

                required property int index
                readonly property var entry: root.sight.orders[index]

                color: Look.raised
                height: 44
                radius: 8
                width: parent.width

                Words {
                    anchors.left: parent.left
                    anchors.leftMargin: 12
                    anchors.right: amount.left
                    anchors.rightMargin: 8
                    anchors.verticalCenter: parent.verticalCenter
                    size: 13
                    text: order.entry.number
                }
                Words {
                    id: amount

                    anchors.right: state.left
                    anchors.rightMargin: 14
                    anchors.verticalCenter: parent.verticalCenter
                    size: 14
                    strong: true
                    text: order.entry.amount
                }
                Words {
                    id: state

                    anchors.right: parent.right
                    anchors.rightMargin: 12
                    anchors.verticalCenter: parent.verticalCenter
                    color: Look.inkSoft
                    horizontalAlignment: Text.AlignRight
                    size: 12
                    text: order.entry.english + " " + order.entry.chinese
                    width: 110
                }
            }
        }
    }
    Words {
        color: Look.inkSoft
        size: 14
        text: "There is nothing to do by hand here. 此处无需动手。"
        visible: ["top_up_module", "card_reader", "id_card_reader", "pin_pad", "barcode_scanner", "camera", "bank"].indexOf(root.kind) < 0
        width: parent.width
        wrapMode: Text.Wrap
    }
}
