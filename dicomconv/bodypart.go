package dicomconv

// bodyParts are the defined terms of Body Part Examined (0018,0015) met with
// radiographs (PS3.16 annex L).
var bodyParts = []string{
	"CHEST", "THORAX", "LUNG", "RIB", "STERNUM", "CLAVICLE", "HEART", "BREAST", "CHESTABDOMEN", "CHESTABDPELVIS", "NECKCHEST", "NECKCHESTABDOMEN",
	"NECKCHESTABDPELV", "THORACOLUMBAR", "TLSPINE", "ABDOMEN", "ABDOMENPELVIS", "PELVIS", "SPINE", "CSPINE", "CTSPINE", "TSPINE", "LSPINE", "LSSPINE",
	"SSPINE", "COCCYX", "HEAD", "SKULL", "JAW", "TMJOINT", "ORBIT", "SINUS", "NECK", "HEADNECK", "SHOULDER", "SCAPULA", "ACJOINT", "SCJOINT", "ARM",
	"UPRARM", "HUMERUS", "ELBOW", "FOREARM", "RADIUS", "ULNA", "RADIUSULNA", "WRIST", "HAND", "FINGER", "THUMB", "HIP", "SIJOINT", "LEG", "THIGH", "FEMUR", "KNEE",
	"PATELLA", "LOWERLEG", "TIBIAFIBULA", "TIBIA", "FIBULA", "ANKLE", "FOOT", "CALCANEUS", "TOE", "EXTREMITY", "UPPERLIMB", "LOWERLIMB", "WHOLEBODY",
}

// bodyPart is s if it is one of bodyParts, else "other": free text goes nowhere.
func bodyPart(s string) string { return known(s, bodyParts) }
