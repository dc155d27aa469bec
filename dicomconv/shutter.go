package dicomconv

type shutter struct{}

func readShutter(attributes) *shutter { return nil }
