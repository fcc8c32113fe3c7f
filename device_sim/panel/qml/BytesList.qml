// What passes on the cable: time, way, bytes in hexadecimal, what they mean. It follows the latest until one scrolls.
import QtQuick

Item {
    id: root

    required property QtObject touches
    required property QtObject passed
    property bool paused: false
    readonly property int columns: list.width >= 480 ? 16 : 12

    onVisibleChanged: if (!visible && paused)
        go.pushed()

    Item {
        id: top

        anchors.left: parent.left
        anchors.leftMargin: 20
        anchors.right: parent.right
        anchors.rightMargin: 20
        height: 58

        Column {
            anchors.left: parent.left
            anchors.right: go.left
            anchors.rightMargin: 12
            anchors.verticalCenter: parent.verticalCenter

            Words {
                color: Look.inkSoft
                size: 12
                text: "→ terminal  ← device  ·· hidden"
                width: parent.width
            }
            Words {
                color: Look.inkSoft
                size: 12
                text: "→ 终端　← 设备　·· 已隐藏"
                width: parent.width
            }
        }
        Pill {
            id: go

            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            objectName: "pause"
            on: root.paused
            text: root.paused ? "Go on 继续" : "Pause 暂停"

            onPushed: {
                root.paused = !root.paused;
                root.touches.pause(root.paused);
            }
        }
    }
    ListView {
        id: list

        property bool follows: true

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.leftMargin: 20
        anchors.right: parent.right
        anchors.rightMargin: 20
        anchors.top: top.bottom
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        model: root.passed
        objectName: "bytes"
        spacing: 4

        onContentHeightChanged: if (follows)
            Qt.callLater(positionViewAtEnd)
        onHeightChanged: if (follows)
            Qt.callLater(positionViewAtEnd)
        onMovementEnded: follows = atYEnd

        delegate: Rectangle {
            id: message

            required property string at
            required property string sign
            required property var octets
            required property int more
            required property string meaning
            required property int times
            readonly property bool sent: sign === "→"

            color: sent ? "#15303A" : Look.raised
            height: lines.height + 12
            radius: 6
            width: list.width

            Column {
                id: lines

                anchors.left: parent.left
                anchors.leftMargin: 10
                anchors.right: parent.right
                anchors.rightMargin: 10
                anchors.top: parent.top
                anchors.topMargin: 6
                spacing: 3

                Item {
                    height: 18
                    width: parent.width

                    Words {
                        id: arrow

                        color: message.sent ? "#7CC7FF" : Look.glow
                        size: 13
                        strong: true
                        text: message.sign
                        width: 20
                    }
                    Words {
                        anchors.left: arrow.right
                        anchors.right: when.left
                        anchors.rightMargin: 8
                        size: 13
                        strong: true
                        text: message.meaning !== "" ? message.meaning : message.octets.length + message.more + (message.octets.length + message.more === 1 ? " byte" : " bytes")
                    }
                    Words {
                        id: when

                        anchors.right: parent.right
                        color: Look.inkFaint
                        font.features: ({
                                "tnum": 1
                            })
                        size: 11
                        text: (message.times > 1 ? "×" + message.times + "   " : "") + message.at
                    }
                }
                Grid {
                    columns: root.columns
                    rowSpacing: 0

                    Repeater {
                        model: message.octets

                        Text {
                            required property string modelData

                            color: modelData === "··" ? Look.inkFaint : Look.ink
                            font.family: Look.family
                            font.features: ({
                                    "tnum": 1
                                })
                            font.pixelSize: 12
                            height: 17
                            horizontalAlignment: Text.AlignHCenter
                            text: modelData
                            width: 24
                        }
                    }
                }
                Words {
                    color: Look.inkFaint
                    size: 11
                    text: "and " + message.more + " more 另有 " + message.more + " 字节"
                    visible: message.more > 0
                }
            }
        }
    }
    ScrollMark {
        flickable: list
    }
    Words {
        anchors.centerIn: list
        color: Look.inkSoft
        horizontalAlignment: Text.AlignHCenter
        size: 14
        text: "Nothing has passed yet.\n还没有报文。"
        visible: list.count === 0
    }
}
