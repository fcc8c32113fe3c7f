// The frame around every step: header, the step, action bar, and the question whether anybody is there.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    readonly property bool portrait: height > width

    color: Theme.canvas

    Header {
        id: header

        anchors.left: parent.left
        anchors.right: parent.right
        height: implicitHeight
        model: root.model
        portrait: root.portrait
    }
    Loader {
        id: step

        anchors.bottom: actions.top
        anchors.bottomMargin: Theme.gap4
        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        anchors.top: header.bottom
        anchors.topMargin: Theme.gap4
        enabled: !root.model.warned
        sourceComponent: ({
                "menu": menu,
                "choice": choice,
                "capture": capture,
                "scan": scan,
                "form": form,
                "field": field,
                "keypad": keypad,
                "funding": funding,
                "payment": payment,
                "progress": progress,
                "listing": listing,
                "result": result,
                "ticket": ticket,
                "message": message
            })[root.model.kind]
    }
    ActionBar {
        id: actions

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        enabled: !root.model.warned
        height: implicitHeight
        model: root.model
        portrait: root.portrait
    }
    WarningOverlay {
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: header.bottom
        model: root.model
        portrait: root.portrait
        visible: root.model.warned
    }
    Item {
        // Above all: it sees every finger that comes down, and takes none.
        anchors.fill: parent

        PointHandler {
            onActiveChanged: {
                if (active)
                    root.model.aloud.interrupt();
            }
        }
    }

    Component {
        id: menu

        MenuStep {
            model: root.model
            page: root.model.pages.menu
            portrait: root.portrait
        }
    }
    Component {
        id: choice

        ChoiceStep {
            model: root.model
            page: root.model.pages.choice
            portrait: root.portrait
        }
    }
    Component {
        id: capture

        CaptureStep {
            model: root.model
            page: root.model.pages.capture
            portrait: root.portrait
        }
    }
    Component {
        id: scan

        ScanStep {
            model: root.model
            page: root.model.pages.scan
            portrait: root.portrait
        }
    }
    Component {
        id: form

        FormStep {
            model: root.model
            page: root.model.pages.form
            portrait: root.portrait
        }
    }
    Component {
        id: field

        FieldStep {
            model: root.model
            page: root.model.pages.field
            portrait: root.portrait
        }
    }
    Component {
        id: keypad

        KeypadStep {
            model: root.model
            page: root.model.pages.keypad
            portrait: root.portrait
        }
    }
    Component {
        id: funding

        FundingStep {
            model: root.model
            page: root.model.pages.funding
            portrait: root.portrait
        }
    }
    Component {
        id: payment

        PaymentStep {
            model: root.model
            page: root.model.pages.payment
            portrait: root.portrait
        }
    }
    Component {
        id: progress

        ProgressStep {
            page: root.model.pages.progress
            portrait: root.portrait
        }
    }
    Component {
        id: listing

        ListStep {
            model: root.model
            page: root.model.pages.listing
            portrait: root.portrait
        }
    }
    Component {
        id: result

        ResultStep {
            page: root.model.pages.result
            portrait: root.portrait
        }
    }
    Component {
        id: ticket

        TicketStep {
            model: root.model
            page: root.model.pages.ticket
            portrait: root.portrait
        }
    }
    Component {
        id: message

        MessageStep {
            page: root.model.pages.message
        }
    }
}
