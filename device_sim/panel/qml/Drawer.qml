// What one can do at the device that was touched: with one's hands, what can go wrong, and what passes on its cable.
import QtQuick

Rectangle {
    id: root

    required property QtObject touches
    required property QtObject passed
    required property var sight
    required property var device
    required property var held
    property bool wide: false
    property string tab: "hands"
    readonly property string kind: device?.name ?? ""
    readonly property var tabs: [
        {
            "name": "hands",
            "english": "Hands",
            "chinese": "操作"
        },
        {
            "name": "faults",
            "english": "Faults",
            "chinese": "故障"
        },
        {
            "name": "bytes",
            "english": "Bytes",
            "chinese": "报文"
        }
    ].filter(each => each.name !== "bytes" || (passed !== null && kind !== "bank" && kind !== "camera"))
    readonly property string shown: tabs.some(each => each.name === tab) ? tab : "hands"

    color: Look.deep

    MouseArea {
        anchors.fill: parent // what lies below takes no touch
    }
    Item {
        id: head

        height: 64
        width: parent.width

        Column {
            anchors.left: parent.left
            anchors.leftMargin: 20
            anchors.right: close.left
            anchors.rightMargin: 12
            anchors.verticalCenter: parent.verticalCenter

            Words {
                size: 18
                strong: true
                text: (root.device?.english ?? "") + "  " + (root.device?.chinese ?? "")
                width: parent.width
            }
            Words {
                color: Look.glow
                objectName: "device_says"
                size: 12
                text: root.device?.said ?? ""
                visible: text !== ""
                width: parent.width
            }
        }
        Rectangle {
            id: close

            anchors.right: parent.right
            anchors.rightMargin: 12
            anchors.verticalCenter: parent.verticalCenter
            color: closing.pressed ? Look.raisedPressed : Look.raised
            height: 40
            objectName: "close"
            radius: 20
            width: 40

            Accessible.name: "Close"
            Accessible.onPressAction: root.touches.choose("")
            Accessible.role: Accessible.Button

            Repeater {
                model: [45, -45]

                Rectangle {
                    required property int modelData

                    anchors.centerIn: parent
                    color: Look.ink
                    height: 2
                    radius: 1
                    rotation: modelData
                    width: 16
                }
            }
            MouseArea {
                id: closing

                anchors.fill: parent
                onClicked: root.touches.choose("")
            }
        }
    }
    Row {
        id: bar

        anchors.left: parent.left
        anchors.leftMargin: 20
        anchors.right: parent.right
        anchors.rightMargin: 20
        anchors.top: head.bottom
        spacing: 6

        Repeater {
            model: root.tabs

            Item {
                id: one

                required property var modelData
                readonly property bool on: root.shown === modelData.name

                height: 42
                objectName: "tab_" + modelData.name
                width: (bar.width - 6 * (root.tabs.length - 1)) / root.tabs.length

                Accessible.name: modelData.english
                Accessible.onPressAction: root.tab = modelData.name
                Accessible.role: Accessible.PageTab

                Rectangle {
                    anchors.fill: parent
                    color: one.on ? Look.raised : "transparent"
                    radius: 8
                }
                Rectangle {
                    anchors.bottom: parent.bottom
                    color: one.on ? Look.glow : Look.line
                    height: one.on ? 3 : 1
                    width: parent.width
                }
                Row {
                    anchors.centerIn: parent
                    spacing: 6

                    Words {
                        id: english

                        color: one.on ? Look.ink : Look.inkSoft
                        size: 14
                        strong: one.on
                        text: one.modelData.english
                    }
                    Words {
                        anchors.baseline: english.baseline
                        color: Look.inkSoft
                        size: 12
                        text: one.modelData.chinese
                    }
                    Trouble {
                        anchors.verticalCenter: parent.verticalCenter
                        count: one.modelData.name === "faults" ? (root.device?.troubles ?? 0) : 0
                    }
                }
                MouseArea {
                    anchors.fill: parent
                    onClicked: root.tab = one.modelData.name
                }
            }
        }
    }
    Item {
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: bar.bottom

        Receipts {
            anchors.fill: parent
            held: root.held
            sight: root.sight
            touches: root.touches
            visible: root.shown === "hands" && root.kind === "receipt_printer"
        }
        Scroller {
            anchors.fill: parent
            objectName: "hands"
            visible: root.shown === "hands" && root.kind !== "receipt_printer"

            AtDevice {
                device: root.device
                sight: root.sight
                touches: root.touches
                wide: root.wide
                width: parent.width
            }
        }
        Scroller {
            anchors.fill: parent
            objectName: "faults"
            visible: root.shown === "faults"

            Column {
                id: groups

                spacing: 18
                width: parent.width

                Repeater {
                    model: root.sight.groups.length

                    Column {
                        id: group

                        required property int index
                        readonly property var entry: root.sight.groups[index]

                        width: groups.width

                        Words {
                            color: Look.inkSoft
                            height: 26
                            size: 13
                            strong: true
                            text: group.entry.english + " " + group.entry.chinese
                        }
                        Grid {
                            id: grid

                            columnSpacing: 24
                            columns: groups.width >= 480 ? 2 : 1

                            Repeater {
                                model: group.entry.switches.length

                                SwitchRow {
                                    required property int index

                                    fault: group.entry.switches[index]
                                    objectName: "switch_" + fault.name
                                    width: (groups.width - (grid.columns - 1) * grid.columnSpacing) / grid.columns

                                    onTurned: on => root.touches.turn(fault.name, on)
                                }
                            }
                        }
                    }
                }
            }
        }
        BytesList {
            anchors.fill: parent
            passed: root.passed
            touches: root.touches
            visible: root.shown === "bytes"
        }
    }
}
