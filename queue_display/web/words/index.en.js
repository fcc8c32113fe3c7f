// The texts of the first page.
export default {
  heading: "The queue of this branch",
  customers: "Customers",
  customersHow: "Scan the code on your ticket with your phone: it shows your place and your wait, and tells you when it is your turn.",
  staff: "Staff",
  teller: "Teller console",
  manager: "Branch now",
  lobby: "The screen in the lobby",
  lobbyToken: "Where the queue runs, make a token for the screen:",
  lobbyHow: "Take that file to the computer with the display, and run there:",
  engineers: "For programs",
  engineersHow: "Whatever the queue does can be done over HTTP, with a token.",
};
