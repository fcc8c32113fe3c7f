// The texts of the first page.
export default {
  heading: "The queue of this branch",
  customers: "Customers",
  customersHow: "Scan the code on your ticket with your phone: it shows your place and your wait, and tells you when it is your turn.",
  staff: "Staff",
  teller: "Teller's console",
  manager: "The branch now",
  lobby: "The screen in the lobby",
  lobbyHow: "On the computer with the display, run:",
  engineers: "For programs",
  engineersHow: "All that the queue does can be done over HTTP, by a token.",
};
