// Run only by browsers that know no modules: older than Chrome 61 and Safari 11.
document.getElementById("old-browser").removeAttribute("hidden");
