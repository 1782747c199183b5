// Words that viewers read. They are only ever set as textContent.
const languages = {
  en: {
    waiting: 'Waiting for the stream', reconnecting: 'Connection lost. Trying again',
    offline: 'You are offline. Waiting for the network',
    paused: 'The stream has paused. Waiting for it to go on', ended: 'The stream has ended',
    unsupported: 'This browser cannot play the stream', failed: 'The player could not be loaded', nosource: 'No stream is set',
    open: 'Open the stream', play: 'Play', unmute: 'Unmute', golive: 'Go live', live: 'Live', quality: 'Quality', auto: 'Auto',
    audio: 'Audio', captions: 'Captions', off: 'Off', speed: 'Speed', pip: 'Picture in picture', airplay: 'AirPlay', cast: 'Cast',
    reload: 'Reload', retry: 'Try again now', calendar: 'Add to calendar', scan: 'Scan to watch on a phone', player: 'Live player',
  },
  de: {
    waiting: 'Warten auf den Stream', reconnecting: 'Verbindung unterbrochen. Neuer Versuch läuft',
    offline: 'Keine Internetverbindung. Warten auf das Netz',
    paused: 'Der Stream macht eine Pause. Er geht von selbst weiter', ended: 'Der Stream ist beendet',
    unsupported: 'Dieser Browser kann den Stream nicht abspielen', failed: 'Der Player konnte nicht geladen werden', nosource: 'Kein Stream angegeben',
    open: 'Stream öffnen', play: 'Abspielen', unmute: 'Ton an', golive: 'Zu Live', live: 'Live', quality: 'Qualität', auto: 'Auto',
    audio: 'Ton', captions: 'Untertitel', off: 'Aus', speed: 'Tempo', pip: 'Bild im Bild', airplay: 'AirPlay', cast: 'Streamen',
    reload: 'Neu laden', retry: 'Jetzt versuchen', calendar: 'In den Kalender', scan: 'Scannen und am Handy ansehen', player: 'Live-Player',
  },
  fr: {
    waiting: 'En attente du direct', reconnecting: 'Connexion perdue. Nouvelle tentative',
    offline: 'Vous êtes hors ligne. En attente du réseau',
    paused: 'Le direct est en pause. Il reprendra automatiquement', ended: 'Le direct est terminé',
    unsupported: 'Ce navigateur ne peut pas lire le direct', failed: 'Le lecteur n’a pas pu être chargé', nosource: 'Aucun direct indiqué',
    open: 'Ouvrir le direct', play: 'Lecture', unmute: 'Activer le son', golive: 'Revenir au direct', live: 'En direct', quality: 'Qualité', auto: 'Auto',
    audio: 'Audio', captions: 'Sous-titres', off: 'Désactivés', speed: 'Vitesse', pip: 'Image dans l’image', airplay: 'AirPlay', cast: 'Caster',
    reload: 'Recharger', retry: 'Réessayer', calendar: 'Ajouter au calendrier', scan: 'Scanner pour regarder sur un téléphone', player: 'Lecteur en direct',
  },
  es: {
    waiting: 'Esperando la emisión', reconnecting: 'Conexión perdida. Reintentando',
    offline: 'Sin conexión a internet. Esperando la red',
    paused: 'La emisión está en pausa. Continuará automáticamente', ended: 'La emisión ha terminado',
    unsupported: 'Este navegador no puede reproducir la emisión', failed: 'No se pudo cargar el reproductor', nosource: 'No hay emisión indicada',
    open: 'Abrir la emisión', play: 'Reproducir', unmute: 'Activar sonido', golive: 'Ir al directo', live: 'En directo', quality: 'Calidad', auto: 'Auto',
    audio: 'Audio', captions: 'Subtítulos', off: 'Desactivados', speed: 'Velocidad', pip: 'Imagen en imagen', airplay: 'AirPlay', cast: 'Enviar',
    reload: 'Recargar', retry: 'Reintentar ahora', calendar: 'Añadir al calendario', scan: 'Escanear para ver en el móvil', player: 'Reproductor en directo',
  },
  pt: {
    waiting: 'Aguardando a transmissão', reconnecting: 'Conexão perdida. Tentando novamente',
    offline: 'Você está offline. Aguardando a rede',
    paused: 'A transmissão está em pausa. Ela continuará automaticamente', ended: 'A transmissão terminou',
    unsupported: 'Este navegador não consegue reproduzir a transmissão', failed: 'Não foi possível carregar o player', nosource: 'Nenhuma transmissão indicada',
    open: 'Abrir a transmissão', play: 'Reproduzir', unmute: 'Ativar som', golive: 'Ir para o vivo', live: 'Ao vivo', quality: 'Qualidade', auto: 'Auto',
    audio: 'Áudio', captions: 'Legendas', off: 'Desativadas', speed: 'Velocidade', pip: 'Picture-in-picture', airplay: 'AirPlay', cast: 'Transmitir',
    reload: 'Recarregar', retry: 'Tentar agora', calendar: 'Adicionar ao calendário', scan: 'Escaneie para ver no celular', player: 'Player ao vivo',
  },
  ja: {
    waiting: '配信を待っています', reconnecting: '接続が切れました。再接続しています',
    offline: 'オフラインです。ネットワークの回復を待っています',
    paused: '配信は一時停止中です。再開をお待ちください', ended: '配信は終了しました',
    unsupported: 'このブラウザーでは再生できません', failed: 'プレーヤーを読み込めませんでした', nosource: '配信が指定されていません',
    open: '配信を開く', play: '再生', unmute: 'ミュート解除', golive: 'ライブに戻る', live: 'ライブ', quality: '画質', auto: '自動',
    audio: '音声', captions: '字幕', off: 'オフ', speed: '速度', pip: 'ピクチャー イン ピクチャー', airplay: 'AirPlay', cast: 'キャスト',
    reload: '再読み込み', retry: '今すぐ再試行', calendar: 'カレンダーに追加', scan: 'スキャンしてスマートフォンで見る', player: 'ライブプレーヤー',
  },
  ar: {
    waiting: 'في انتظار البث', reconnecting: 'انقطع الاتصال. جارٍ إعادة المحاولة',
    offline: 'أنت غير متصل بالإنترنت. في انتظار الشبكة',
    paused: 'توقف البث مؤقتًا. سيستأنف تلقائيًا', ended: 'انتهى البث',
    unsupported: 'لا يمكن لهذا المتصفح تشغيل البث', failed: 'تعذر تحميل المشغّل', nosource: 'لم يُحدد أي بث',
    open: 'فتح البث', play: 'تشغيل', unmute: 'تشغيل الصوت', golive: 'العودة إلى المباشر', live: 'مباشر', quality: 'الجودة', auto: 'تلقائي',
    audio: 'الصوت', captions: 'الترجمة', off: 'إيقاف', speed: 'السرعة', pip: 'صورة داخل صورة', airplay: 'AirPlay', cast: 'إرسال',
    reload: 'إعادة التحميل', retry: 'المحاولة الآن', calendar: 'إضافة إلى التقويم', scan: 'امسح الرمز للمشاهدة على الهاتف', player: 'مشغّل البث المباشر',
  },
  zh: {
    waiting: '正在等待直播', reconnecting: '连接已断开，正在重试',
    offline: '您已离线，正在等待网络恢复',
    paused: '直播已暂停，将自动继续', ended: '直播已结束',
    unsupported: '此浏览器无法播放该直播', failed: '无法加载播放器', nosource: '未指定直播',
    open: '打开直播', play: '播放', unmute: '取消静音', golive: '回到直播', live: '直播', quality: '画质', auto: '自动',
    audio: '音轨', captions: '字幕', off: '关闭', speed: '速度', pip: '画中画', airplay: 'AirPlay', cast: '投放',
    reload: '重新加载', retry: '立即重试', calendar: '添加到日历', scan: '扫码在手机上观看', player: '直播播放器',
  },
};

// valid is a tag as the browser's formats take it (BCP 47): pages write de_DE
// too, and worse.
function valid(tag) {
  try { return Intl.getCanonicalLocales(tag.trim().replace(/_/g, '-'))[0]; } catch { return ''; }
}

// wordsFor returns the words of the first language that there are any for: a
// tag's own, then its first part, then English. tag names it, rtl its direction.
export function wordsFor(...wanted) {
  for (const tag of wanted.filter(Boolean)) {
    const main = tag.trim().toLowerCase().split(/[-_\s]/)[0];
    if (Object.prototype.hasOwnProperty.call(languages, main)) return { ...languages[main], tag: valid(tag) || main, rtl: main === 'ar' };
  }
  return { ...languages.en, tag: 'en', rtl: false };
}
