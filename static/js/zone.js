// Says in which time zone this browser is, in the forms that sign somebody in.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
for (const field of document.querySelectorAll("input[name='browser_zone']")) field.value = zone;
