"""Makes small text and vision towers of SigLIP, CLIP and BERT with random weights,
as folders of exports, and expected.json: what transformers 5 says of drawn films
and prompts. Vocabularies are those of internal/tokens/testdata (BERT's is here).
Run in this folder."""
import json, os, shutil
import numpy as np, torch
from PIL import Image
from torch import nn
from transformers import (BertConfig, BertModel, BertTokenizer, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer,
                          SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipTokenizer)

torch.manual_seed(3)
TOKENS = '../../../../internal/tokens/testdata/'
PROMPTS = ['small left pleural effusion', 'No pneumothorax.', 'cardiomegaly is present', 'the lungs are clear', 'right lower lobe pneumonia']
SIZES = [(37, 29), (23, 38), (64, 48)]


def picture(width, height):
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(((x * 7919 + y * 104729 + x * y * 31) % 256).astype(np.uint8)).convert('RGB')


class F(nn.Module):
    def __init__(self, net, f): super().__init__(); self.net, self.f = net, f
    def forward(self, *a): return self.f(self.net, *a)


def export(net, f, args, path, names):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    torch.onnx.export(F(net, f).eval(), args, path, input_names=names, output_names=['embedding'], dynamo=False, opset_version=17)


def spread_out(net):
    for p in net.parameters():
        if p.dim() > 1: p.data.normal_(0, 0.3)
    return net.eval()


out = {}
tower = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
films = [picture(*s) for s in SIZES]
for name in ('siglip', 'clip'):
    if name == 'siglip':
        text = SiglipTokenizer(TOKENS + 'spiece.model', model_max_length=16)
        net = SiglipModel(SiglipConfig(text_config=dict(tower, vocab_size=len(text), max_position_embeddings=16, projection_size=16), vision_config=dict(tower, image_size=16, patch_size=4)))
        image = SiglipImageProcessor(size=dict(height=16, width=16))
        files = ['spiece.model']
    else:
        text = CLIPTokenizer(TOKENS + 'vocab.json', TOKENS + 'merges.txt', model_max_length=16)
        ids = json.load(open(TOKENS + 'vocab.json'))
        net = CLIPModel(CLIPConfig(text_config=dict(tower, vocab_size=len(ids), max_position_embeddings=16, eos_token_id=ids['<|endoftext|>'], bos_token_id=ids['<|startoftext|>'], pad_token_id=ids['<|endoftext|>']), vision_config=dict(tower, image_size=16, patch_size=4), projection_dim=16))
        image = CLIPImageProcessor(size=dict(shortest_edge=18), crop_size=16)
        files = ['vocab.json', 'merges.txt']
    spread_out(net)
    net.logit_scale.data.fill_(1.7)
    if name == 'siglip': net.logit_bias.data.fill_(-1.3)
    x = image(films, return_tensors='pt')['pixel_values']
    t = text(PROMPTS, padding='max_length', truncation=True, max_length=16, return_tensors='pt')['input_ids']
    pooled = lambda v: v if torch.is_tensor(v) else v.pooler_output
    export(net, lambda n, v: pooled(n.get_image_features(pixel_values=v)), (x[:1],), name + '/vision_model.onnx', ['pixel_values'])
    export(net, lambda n, i: pooled(n.get_text_features(input_ids=i)), (t[:1],), name + '/text_model.onnx', ['input_ids'])
    image.save_pretrained(name)
    json.dump(dict(tokenizer_class=type(text).__name__, model_max_length=16), open(name + '/tokenizer_config.json', 'w'))
    for f in files: shutil.copy(TOKENS + f, name)
    with torch.no_grad():
        o = net(pixel_values=x, input_ids=t)
        p = torch.sigmoid(o.logits_per_image) if name == 'siglip' else o.logits_per_image.softmax(-1)
        mean = nn.functional.normalize(pooled(net.get_text_features(input_ids=t[:2])), dim=-1).mean(0)
        cos = nn.functional.normalize(pooled(net.get_image_features(pixel_values=x)), dim=-1) @ nn.functional.normalize(mean, dim=-1)
    values = [[float('%.7g' % v) for v in r] for r in pooled(net.get_text_features(input_ids=t)).detach().numpy()]
    json.dump(dict(scale=float(net.logit_scale.exp()), bias=float(net.logit_bias) if name == 'siglip' else 0, references=[dict(text=PROMPTS[0], values=values[0])]), open(name + '/text_model.onnx.json', 'w'))
    out[name] = dict(texts=values, probabilities=p.numpy().astype(float).round(7).tolist(), average=cos.numpy().astype(float).round(7).tolist())

words = '[PAD] [UNK] [CLS] [SEP] small left right pleural effusion no pneumothorax . card ##iom ##egaly is present the lungs are clear lower lobe'.split()
os.makedirs('bert', exist_ok=True)
open('bert/vocab.txt', 'w').write('\n'.join(words) + '\n')
text = BertTokenizer('bert/vocab.txt')
net = spread_out(BertModel(BertConfig(**tower, vocab_size=len(words), max_position_embeddings=16)))
t = text(PROMPTS, padding='max_length', truncation=True, max_length=16, return_tensors='pt')
export(net, lambda n, i, m, k: n(input_ids=i, attention_mask=m, token_type_ids=k).last_hidden_state, (t['input_ids'][:1], t['attention_mask'][:1], t['token_type_ids'][:1]), 'bert/model.onnx', ['input_ids', 'attention_mask', 'token_type_ids'])
json.dump(dict(tokenizer_class='BertTokenizer', do_lower_case=True, model_max_length=16), open('bert/tokenizer_config.json', 'w'))
json.dump(dict(pool='cls'), open('bert/model.onnx.json', 'w'))
out['bert'] = dict(texts=[[float('%.7g' % v) for v in r] for r in net(**t).last_hidden_state[:, 0].detach().numpy()])
out['prompts'] = PROMPTS
json.dump(out, open('expected.json', 'w'), indent=0)
