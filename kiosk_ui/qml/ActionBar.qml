// The way out on the left, the way on on the right, on every page in the same place.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    required property bool portrait
    readonly property bool confirms: ["keypad", "form", "field"].includes(model.kind)
    readonly property bool leadsOn: confirms || ["listing", "result", "ticket"].includes(model.kind)
    readonly property bool complete: model.kind === "keypad" ? model.amount.typed : model.kind === "ticket" ? model.pages.ticket.paper !== "printing" : model.kind !== "field" || model.typed.complete
    readonly property string confirm: model.kind === "form" ? model.pages.form.confirm : model.kind === "field" ? model.pages.field.confirm : model.words.confirm

    function leadOn() {
        switch (model.kind) {
        case "keypad":
            return model.choose_amount();
        case "form":
            return model.check_form();
        case "field":
            return model.answer_field();
        default:
            return model.finish();
        }
    }
    readonly property real cancelWidth: portrait ? (width - 2 * Theme.margin) * 0.34 : 86 * Theme.unit

    color: Theme.surface
    implicitHeight: Theme.button + 2 * Theme.gap3

    Rectangle {
        anchors.left: parent.left
        anchors.right: parent.right
        color: Theme.line
        height: Math.max(1, Theme.stroke / 2)
    }
    ActionButton {
        id: cancel

        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        icon: "cross"
        label: root.model.words.cancel
        objectName: "cancel"
        visible: root.model.cancellable
        width: root.cancelWidth
        onActivated: root.model.cancel()
    }
    ActionButton {
        anchors.left: root.portrait ? (root.model.cancellable ? cancel.right : parent.left) : parent.horizontalCenter
        anchors.leftMargin: root.portrait ? (root.model.cancellable ? Theme.gap3 : Theme.margin) : Theme.gap4
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        anchors.verticalCenter: parent.verticalCenter
        available: root.complete
        label: root.confirms ? root.confirm : root.model.words.done
        objectName: root.confirms ? "confirm" : "done"
        primary: true
        visible: root.leadsOn
        onActivated: root.leadOn()
    }
    Row {
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.gap2
        visible: !root.leadsOn
        x: root.model.cancellable ? root.width - width - Theme.margin : (root.width - width) / 2

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.inkSoft
            name: "staff"
            size: Theme.textLead
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.inkSoft
            size: Theme.textSmall
            text: root.model.words.help
            wrapMode: Text.NoWrap
        }
    }
}
