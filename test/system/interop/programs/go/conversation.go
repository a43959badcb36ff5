// Each line on standard input asks a client for credentials; each outcome is a line of JSON on standard output. The
// argument says which client.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type received struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
}

type outcome struct {
	Received *received `json:"received,omitempty"`
	Failed   string    `json:"failed,omitempty"`
}

func main() {
	clients := map[string]func() func() (received, error){
		"aws-sdk-go":    awsSdkV1,
		"aws-sdk-go-v2": awsSdkV2,
		"minio-go":      minioClient,
	}
	ask := clients[os.Args[1]]()
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		var line outcome
		if credentials, err := ask(); err != nil {
			line.Failed = err.Error()
		} else {
			line.Received = &credentials
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
}
