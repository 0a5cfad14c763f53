"""What is said about another machine that does the work: kept here, where the extension finds what it has to translate."""

from __future__ import annotations

# Of the connection
UNREACHABLE = "The other machine cannot be reached: see that it is on, that img23d serve runs there, and that the address is right."
CLOSED = "The other machine has closed the connection: where its server has a certificate, let the address begin with https://."
NO_HTTPS = "The server of the other machine does not speak HTTPS: let its address begin with http://, or give it a certificate."
UNTRUSTED = "The certificate of the other machine is not trusted: choose its file, or that of who has signed it."
OTHER_NAME = "The certificate of the other machine is for another name: use the address that it was made for."
NO_CERTIFICATE = "The file of the certificate cannot be read: choose a PEM file."
REFUSED = "The other machine refuses the token: copy it again from where its server was started."
NO_TOKEN = "The file with the token cannot be read: type the token again."
FOREIGN = "What answers at this address is no Img23D server: check the address and its port."
SLOW = "The other machine does not answer in time: try again, and see what it is busy with."

# Of the machine itself
WHAT = "Other machine"
STARTING = "The other machine answers, and is still being started: ask again in a moment."
UNCLEAR = "What the other machine tells about itself cannot be read."
SET_UP_THERE = "The AI models of the other machine are set up there: run img23d setup on it."

# Of a run there
IN_QUEUE = "Waiting for other jobs on the other machine."
FULL = "The other machine has as many jobs as it takes: it is asked again and again."
LOST = "The connection to the other machine was lost: the run goes on there, and is heard of again as soon as it is back."
LOST_NOW = "No connection to the other machine: it is tried again and again."
CUT_OFF = "The connection to the other machine was lost."
TAKEN_UP = "The server was started again: what was finished stays, and the rest is done again."
BEGUN_AGAIN = "The other machine has forgotten the run, and does all of it again."
FORGETFUL = "The other machine forgets the run again and again."
NO_SENSE = "What the other machine tells about the run cannot be read."
NOT_GIVEN = "The other machine does not give a file that it has announced."
UNSAFE = "The other machine names a file that may not be written here."
TOO_MUCH = "The other machine sends more than can be right."
BETWEEN = "Something went wrong between this machine and the other one."
