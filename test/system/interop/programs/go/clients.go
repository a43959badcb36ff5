package main

import (
	"context"
	"os"

	awsv2 "github.com/aws/aws-sdk-go-v2/aws"
	configv2 "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	minio "github.com/minio/minio-go/v7/pkg/credentials"
)

func awsSdkV1() func() (received, error) {
	credentials := session.Must(session.NewSession(aws.NewConfig().WithMaxRetries(0))).Config.Credentials
	return func() (received, error) {
		credentials.Expire()
		value, err := credentials.Get()
		return received{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}, err
	}
}

func awsSdkV2() func() (received, error) {
	config, err := configv2.LoadDefaultConfig(context.Background(), configv2.WithRetryMaxAttempts(1))
	if err != nil {
		panic(err)
	}
	cache := config.Credentials.(*awsv2.CredentialsCache)
	return func() (received, error) {
		cache.Invalidate()
		value, err := cache.Retrieve(context.Background())
		return received{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}, err
	}
}

func minioClient() func() (received, error) {
	credentials := minio.NewIAM(os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"))
	return func() (received, error) {
		credentials.Expire()
		value, err := credentials.Get()
		return received{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}, err
	}
}
