// The cards in the hand and where they are; touching one moves it.
import QtQuick

Column {
    id: root

    required property var cards
    required property string reader
    property string prefix: ""

    signal touched(string name)

    spacing: 8

    Item {
        height: 18
        width: parent.width

        Words {
            id: title

            size: 13
            strong: true
            text: "Cards 卡"
        }
        Words {
            anchors.baseline: title.baseline
            anchors.left: title.right
            anchors.leftMargin: 8
            anchors.right: parent.right
            color: Look.inkSoft
            horizontalAlignment: Text.AlignRight
            size: 12
            text: root.reader === "card_reader" ? "touch: insert or pull 触碰插拔" : "touch: lay on or take off 触碰取放"
        }
    }
    Grid {
        columnSpacing: 10
        columns: 2
        rowSpacing: 8

        Repeater {
            model: root.cards.length

            CardView {
                required property int index

                card: root.cards[index]
                colour: Look.cardColour(index)
                objectName: root.prefix + "card_" + card.name
                width: (root.width - 10) / 2

                onTapped: root.touched(card.name)
            }
        }
    }
}
